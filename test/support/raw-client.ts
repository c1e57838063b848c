/** A client that speaks the protocol by hand over a real socket: what docs/protocol.md tells an author to do. */
import WebSocket from 'ws'
import type { ServerMessage } from '../../src/core/messages.ts'
import { SUBPROTOCOL } from '../../src/core/socket.ts'

export interface RawClient {
  readonly socket: WebSocket
  /** All that came, in order. */
  readonly frames: ServerMessage[]
  /** Waits for a frame that fits, among those that came already too. */
  next(fits: (frame: ServerMessage) => boolean): Promise<ServerMessage>
  /** The close code, once there is one. */
  readonly closed: Promise<number>
  send(frame: object | string): void
}

/** Opens a socket; with a user it says hello, goes online, and watches the contact list. */
export async function openRawClient(
  url: string,
  user?: string,
  protocols: string[] = [SUBPROTOCOL],
): Promise<RawClient> {
  const socket = new WebSocket(url, protocols)
  const frames: ServerMessage[] = []
  const waiting = new Set<() => void>()
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  socket.on('error', () => {})
  socket.on('message', (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as ServerMessage
    frames.push(frame)
    if (frame.type === 'heartbeat') socket.send('{"type":"heartbeat"}')
    for (const check of waiting) check()
  })
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  const client: RawClient = {
    socket,
    frames,
    closed,
    next: (fits) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = frames.find(fits)
          if (!found) return
          waiting.delete(check)
          resolve(found)
        }
        waiting.add(check)
        check()
      }),
    send: (frame) => {
      socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
    },
  }
  if (user !== undefined) {
    client.send({ type: 'hello', version: 1, token: user })
    client.send({ type: 'PRESENCE_UPDATE', status: 'online' })
    client.send({ type: 'roster', watch: true, ref: 1 })
    await client.next(({ type }) => type === 'snapshot')
  }
  return client
}

/** A change that tells of this user and status. */
export function tells(user: string, status: string): (frame: ServerMessage) => boolean {
  return (frame) =>
    frame.type === 'PRESENCE_UPDATE' &&
    frame.users.some((record) => record.user === user && record.status === status)
}
