/** Sockets of those who mean no good. */
import { connect, type Socket } from 'node:net'
import WebSocket from 'ws'
import { SUBPROTOCOL } from '../../src/core/socket.ts'
import { HANDSHAKE } from '../support/raw-tcp.ts'

export const ONLINE = '{"type":"PRESENCE_UPDATE","status":"online"}'
export const LIFE = '{"type":"heartbeat"}'

/** What does not come by then does not come. */
const PATIENCE_MS = 60_000

export const hello = (token: string): string => JSON.stringify({ type: 'hello', version: 1, token })

export interface Attacker {
  readonly socket: WebSocket
  /** How many frames of each kind have come: their type, and the code of an error. */
  readonly counts: Map<string, number>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  code: number | null
  /** Waits for so many of these kinds; says whether they came, or else the end did, or nothing for a minute. */
  came(kinds: string, atLeast?: number): Promise<boolean>
}

/** Opens a socket; a name says hello and goes online. */
export async function openAttacker(
  url: string,
  name?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Attacker> {
  const socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false, headers })
  const counts = new Map<string, number>()
  const watchers = new Set<() => void>()
  const watch = (): void => {
    for (const look of watchers) look()
  }
  socket.on('error', () => {})
  socket.on('message', (data: Buffer) => {
    const frame = data.toString()
    const kind = /^\{"type":"(?<type>\w+)"(?:,"code":"(?<code>\w+)")?/.exec(frame)?.groups
    const name = kind?.code ?? kind?.type ?? ''
    if (name === 'heartbeat') socket.send(LIFE)
    counts.set(name, (counts.get(name) ?? 0) + 1)
    watch()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      attacker.code = code
      resolve({ code, reason: reason.toString() })
      watch()
    })
  })
  const attacker: Attacker = {
    socket,
    counts,
    closed,
    code: null,
    came: (kinds, atLeast = 1) =>
      new Promise((resolve) => {
        const count = (): number => kinds.split(' ').reduce((sum, kind) => sum + (counts.get(kind) ?? 0), 0)
        const say = (): void => {
          watchers.delete(look)
          clearTimeout(patience)
          resolve(count() >= atLeast)
        }
        const look = (): void => {
          if (count() >= atLeast || attacker.code !== null) say()
        }
        const patience = setTimeout(say, PATIENCE_MS)
        watchers.add(look)
        look()
      }),
  }
  await new Promise<void>((resolve) => {
    socket.on('open', resolve)
    socket.on('close', () => {
      resolve()
    })
  })
  if (name !== undefined) {
    socket.send(hello(name))
    socket.send(ONLINE)
    await attacker.came('self')
  }
  return attacker
}

/** Many of them, some at a time. */
export async function openMany<T>(count: number, open: (index: number) => Promise<T>): Promise<T[]> {
  const opened: T[] = []
  let next = 0
  const opener = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      opened[index] = await open(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(100, count) }, opener))
  return opened
}

export function cut(attackers: readonly Attacker[]): void {
  for (const { socket } of attackers) socket.terminate()
}

/** Waits until something is so, and looks often. */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs
  while (performance.now() < end) {
    if (await isSo()) return true
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return isSo()
}

/** A socket that is open as far as the server knows, and answers nothing, not even a close. */
export async function openMute(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(HANDSHAKE)
  await new Promise<void>((resolve) => {
    socket.once('data', () => {
      resolve()
    })
    socket.on('close', () => {
      resolve()
    })
  })
  return socket
}
