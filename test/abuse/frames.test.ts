/** Frames of every bad kind, as fast as the line takes them. */
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { frame } from '../support/raw-tcp.ts'
import { openMany, until } from './attacker.ts'
import { openRaw, push, repeat } from './raw.ts'
import { KB, limits, openStreet, SOCKET, type Street } from './street.ts'

const [TEXT, BINARY, PING, PONG] = [1, 2, 9, 10] as const
const ATTACKERS = 10

let street: Street
beforeAll(async () => {
  street = await openStreet()
})
afterAll(() => street.close())

interface Flood {
  readonly kind: string
  /** What one attacker sends, so often. */
  readonly bytes: Buffer
  readonly times: number
  /** What one of them may make the server hold, beside the socket, and why. */
  readonly holds: number
  /** The server puts an end to it. */
  readonly ends: boolean
  readonly reads?: boolean
}

/** What a socket has read at once and not yet taken apart. */
const CHUNK = 64 * KB
/** A message in parts, or a frame in pieces, is held as so many buffers, of which each costs this. */
const PIECES = 1_024
const PIECE = 256
const wide = `{"type":"heartbeat","a":"${'x'.repeat(limits.frameBytes - 27)}"}`
const manyKeys = JSON.stringify(
  Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`key${index}`, index])),
)

const floods: readonly Flood[] = [
  { kind: 'frames of 16 kB', bytes: frame(TEXT, wide), times: 600, holds: CHUNK, ends: true },
  {
    kind: 'small frames',
    bytes: frame(TEXT, '{"type":"heartbeat"}'),
    times: 5_000,
    holds: CHUNK,
    ends: true,
  },
  {
    kind: 'a message of which no part is the last',
    bytes: Buffer.concat([
      frame(TEXT, 'x', { fin: false }),
      repeat(frame(0, 'x', { fin: false }), limits.frameBytes - 2),
    ]),
    times: 1,
    holds: PIECES * PIECE + CHUNK,
    ends: true,
  },
  {
    kind: 'parts of nothing',
    bytes: Buffer.concat([frame(TEXT, '', { fin: false }), repeat(frame(0, '', { fin: false }), 20_000)]),
    times: 5,
    holds: PIECES * PIECE + CHUNK,
    ends: true,
  },
  {
    kind: 'a length of a megabyte',
    bytes: frame(TEXT, 'x', { length: 2 ** 20 }),
    times: 100,
    holds: CHUNK,
    ends: true,
  },
  { kind: 'binary frames', bytes: frame(BINARY, wide), times: 200, holds: CHUNK, ends: true },
  {
    kind: 'JSON without a bottom',
    bytes: frame(TEXT, '['.repeat(16_000)),
    times: 100,
    holds: CHUNK,
    ends: true,
  },
  { kind: 'keys without an end', bytes: frame(TEXT, manyKeys), times: 100, holds: CHUNK, ends: true },
  // Ten megabytes each, more than the kernel's buffers take.
  {
    kind: 'pings whose answers nobody reads',
    bytes: repeat(frame(PING, 'x'.repeat(125)), 1_000),
    times: 80,
    holds: limits.queueHardBytes,
    ends: true,
    reads: false,
  },
  {
    kind: 'pongs that nobody asked for',
    bytes: repeat(frame(PONG, 'x'.repeat(125)), 1_000),
    times: 20,
    holds: CHUNK,
    ends: false,
  },
  {
    kind: 'frames of which nobody reads the refusal',
    bytes: frame(TEXT, '{"type":"fetch","users":["nobody"],"ref":1}'),
    times: 2_000,
    holds: limits.queueHardBytes,
    ends: false,
    reads: false,
  },
]

describe('L7: floods of frames', () => {
  test.each(floods)('$kind', async ({ kind, bytes, times, holds, ends, reads = true }) => {
    await street.abuse({
      kind,
      bound: ATTACKERS * (SOCKET + holds),
      async act() {
        const sockets = await openMany(ATTACKERS, (index) => openRaw(street.port, `flooder${index}`, reads))
        await Promise.all(sockets.map((socket) => pushOften(socket, bytes, times)))
        if (ends) expect(await until(() => areGone(street), 10_000)).toBe(true)
        return () => {
          for (const socket of sockets) socket.destroy()
        }
      },
    })
  })

  test('a frame that comes byte by byte', async () => {
    await street.abuse({
      kind: 'a frame in pieces',
      bound: ATTACKERS * (SOCKET + CHUNK + PIECES * PIECE),
      async act() {
        const sockets = await openMany(ATTACKERS, (index) => openRaw(street.port, `dripper${index}`, true))
        for (const socket of sockets) socket.setNoDelay(true)
        const bytes = frame(TEXT, wide).subarray(0, -1)
        for (let at = 0; at < 8_000; at++) {
          await Promise.all(sockets.map((socket) => push(socket, bytes.subarray(at, at + 1))))
        }
        return () => {
          for (const socket of sockets) socket.destroy()
        }
      },
    })
  })
})

async function pushOften(socket: Socket, bytes: Buffer, times: number): Promise<void> {
  for (let time = 0; time < times && !socket.destroyed; time++) await push(socket, bytes)
}

/** The neighbour and the friend are left. */
async function areGone({ measure }: Street): Promise<boolean> {
  return (await measure()).connections <= 2
}
