/** A client that does what ours never would: shares a session, goes on after its goodbye, or keeps silent. */
import type { MemoryLink, MemoryNetwork, MemorySocket } from '../../src/testing/index.ts'
import { HEARTBEAT_FRAME } from '../../src/core/codec.ts'

export interface RawClient {
  readonly user: string
  readonly socket: MemorySocket
  readonly link: MemoryLink
  /** Of its last request. */
  ref: number
  answers: boolean
  done: boolean
}

export function openRaw(network: MemoryNetwork, user: string, previous: string | undefined): RawClient {
  const socket = new network.WebSocket('ws://server/presence', 'presencekit.v1')
  const raw: RawClient = { user, socket, link: network.linkOf(socket), ref: 1, answers: true, done: false }
  socket.addEventListener('open', () => {
    sayRaw(raw, { type: 'hello', version: 1, token: user, ...(previous !== undefined && { previous }) })
    sayRaw(raw, { type: 'PRESENCE_UPDATE', status: 'online' })
    sayRaw(raw, { type: 'roster', watch: true, ref: 1 })
  })
  socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
    if (raw.answers && String(data).startsWith('{"type":"heartbeat"')) sayRaw(raw, HEARTBEAT_FRAME)
  })
  socket.addEventListener('close', () => {
    raw.done = true
  })
  return raw
}

export function sayRaw({ socket }: RawClient, message: object | string): void {
  if (socket.readyState === 1) socket.send(typeof message === 'string' ? message : JSON.stringify(message))
}
