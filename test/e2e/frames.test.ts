/**
 * Every frame of the table against a running server: the documented code each time, the process lives, and a healthy
 * neighbour goes on hearing of its friend.
 */
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import type { ServerMessage } from '../../src/core/messages.ts'
import { createPresenceServer, type PresenceServer, staticContacts } from '../../src/server/index.ts'
import { type ConnectionState, type MalformedFrame, TOKEN, type ValidFrame } from '../corpus/case.ts'
import { MALFORMED, STRANGE_BUT_VALID } from '../corpus/frames.ts'
import { openRawClient, type RawClient, tells } from '../support/raw-client.ts'
import { frame, openRawTcp } from '../support/raw-tcp.ts'

const BATCH = 50
/** Long enough for any answer. */
const SILENCE_MS = 15_000
const TEXT = 1
const HELLO = JSON.stringify({ type: 'hello', version: 1, token: TOKEN })
const ONLINE = JSON.stringify({ type: 'PRESENCE_UPDATE', status: 'online' })

let presence: PresenceServer
let http: Server
let port: number
let url: string
let neighbour: RawClient
const errors: unknown[] = []
const loose: unknown[] = []
const noteLoose = (error: unknown): void => void loose.push(error)

beforeAll(async () => {
  process.on('uncaughtException', noteLoose)
  process.on('unhandledRejection', noteLoose)
  presence = createPresenceServer({
    authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
    contacts: staticContacts({ friend: ['neighbour'], neighbour: ['friend'] }),
    limits: { sessionsPerUser: 0 },
  })
  presence.on('error', (error) => errors.push(error))
  http = createServer()
  presence.attach(new WebSocketServer({ server: http }))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  port = (http.address() as AddressInfo).port
  url = `ws://127.0.0.1:${port}`
  neighbour = await openRawClient(url, 'neighbour')
})

afterAll(async () => {
  await presence.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
  process.off('uncaughtException', noteLoose)
  process.off('unhandledRejection', noteLoose)
})

/** The neighbour's friend comes and goes, and the neighbour hears of both. */
async function checkNeighbour(): Promise<void> {
  neighbour.frames.length = 0
  const friend = await openRawClient(url, 'friend')
  await neighbour.next(tells('friend', 'online'))
  friend.send({ type: 'PRESENCE_UPDATE', status: 'offline' })
  await neighbour.next(tells('friend', 'offline'))
  expect(await friend.closed).toBe(1000)
  expect(neighbour.socket.readyState).toBe(WebSocket.OPEN)
  expect([errors, loose]).toEqual([[], []])
}

async function openIn(state: ConnectionState): Promise<RawClient> {
  const client = await openRawClient(url)
  if (state === 'before-hello') return client
  client.send(HELLO)
  await client.next(({ type }) => type === 'welcome')
  if (state === 'after-hello') return client
  client.send(ONLINE)
  await client.next(({ type }) => type === 'self')
  return client
}

const isError = (message: ServerMessage): boolean => message.type === 'error'

/** The code of the error frame or the close that a frame brings. */
async function verdictOn({ frame: bad, state }: MalformedFrame): Promise<string | number> {
  const client = await openIn(state)
  client.socket.send(bad)
  const verdict = await Promise.race([
    client.next(isError).then((message) => (message.type === 'error' ? message.code : '')),
    client.closed,
    new Promise<string>((resolve) => setTimeout(resolve, SILENCE_MS, 'silence')),
  ])
  // An error frame leaves the connection alive: it answers what comes next, if it was let in.
  if (typeof verdict === 'string' && verdict !== 'silence') {
    expect(client.socket.readyState).toBe(WebSocket.OPEN)
    if (state === 'before-hello') client.send(HELLO)
    if (state !== 'announced') client.send(ONLINE)
    client.send({ type: 'fetch', users: ['friend'], ref: 987 })
    await client.next((message) => message.type === 'snapshot' && message.ref === 987)
  }
  client.socket.terminate()
  return verdict
}

/** What comes of a frame that is fine: no error, and the connection goes on to where it was going. */
async function takes({ frame: good, state }: ValidFrame): Promise<void> {
  const client = await openIn(state)
  client.send(good)
  if (state !== 'announced') client.send(ONLINE)
  client.send({ type: 'fetch', users: ['friend'], ref: 987 })
  await client.next((message) => isError(message) || (message.type === 'snapshot' && message.ref === 987))
  expect(client.frames.filter(isError)).toEqual([])
  client.socket.terminate()
}

function inBatches<Case>(cases: readonly Case[]): { from: number; to: number; batch: readonly Case[] }[] {
  return Array.from({ length: Math.ceil(cases.length / BATCH) }, (_, index) => {
    const batch = cases.slice(index * BATCH, (index + 1) * BATCH)
    return { from: index * BATCH + 1, to: index * BATCH + batch.length, batch }
  })
}

describe('the frame table', () => {
  test('has 300 malformed frames and more', () => {
    expect(MALFORMED.length).toBeGreaterThanOrEqual(300)
  })

  test.each(inBatches(MALFORMED))('malformed $from to $to: the documented code each', async ({ batch }) => {
    const verdicts = await Promise.all(batch.map(async (bad) => [bad.name, await verdictOn(bad)]))
    expect(verdicts).toEqual(batch.map(({ name, expected }) => [name, expected]))
    await checkNeighbour()
  })

  test.each(inBatches(STRANGE_BUT_VALID))('odd but valid $from to $to: taken', async ({ batch }) => {
    await Promise.all(batch.map(takes))
    await checkNeighbour()
  })

  test('the third one on a connection closes it with 4000', async () => {
    const client = await openIn('announced')
    for (let count = 0; count < 3; count++) client.send('nonsense')
    expect(await client.closed).toBe(4000)
    expect(client.frames.filter(isError)).toHaveLength(2)
    await checkNeighbour()
  })
})

describe('broken WebSocket frames', () => {
  const long = 'x'.repeat(126)
  test.each<[string, Buffer[], number]>([
    ['an opcode that is none', [frame(3, 'x')], 1002],
    ['a control opcode that is none', [frame(11, '')], 1002],
    ['a frame without a mask', [frame(TEXT, HELLO, { masked: false })], 1002],
    ['a reserved bit', [frame(TEXT, HELLO, { rsv: 4 })], 1002],
    ['a continuation of nothing', [frame(0, 'x')], 1002],
    ['a text within a fragmented text', [frame(TEXT, 'a', { fin: false }), frame(TEXT, 'b')], 1002],
    ['a ping in fragments', [frame(9, 'x', { fin: false })], 1002],
    ['a ping of 126 bytes', [frame(9, long)], 1002],
    ['a close of one byte', [frame(8, Buffer.from([3]))], 1002],
    ['a close of a code that is none', [frame(8, Buffer.from([3, 237]))], 1002],
    ['a close with a broken reason', [frame(8, Buffer.from([3, 232, 0xff]))], 1007],
    ['invalid UTF-8', [frame(TEXT, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))], 1007],
    ['an overlong encoding', [frame(TEXT, Buffer.from([0xc0, 0xaf]))], 1007],
    ['a surrogate in UTF-8', [frame(TEXT, Buffer.from([0xed, 0xa0, 0x80]))], 1007],
    [
      'invalid UTF-8 across fragments',
      [frame(TEXT, Buffer.from([0xe2]), { fin: false }), frame(0, Buffer.from([0x41]))],
      1007,
    ],
    ['a binary frame', [frame(2, Buffer.from([1, 2, 3]))], 1003],
    ['a length of a megabyte, before a byte of it', [frame(TEXT, '', { length: 2 ** 20 })], 1009],
    ['a length of 2⁶² bytes', [frame(TEXT, '', { length: 2 ** 62 })], 1009],
    [
      'fragments that are too large together',
      [frame(TEXT, 'x'.repeat(9_000), { fin: false }), frame(0, 'x'.repeat(9_000))],
      1009,
    ],
    [
      'more parts than a thousand',
      [frame(TEXT, 'x', { fin: false }), ...Array<Buffer>(1_100).fill(frame(0, 'x', { fin: false }))],
      1008,
    ],
  ])('%s', async (_, bytes, code) => {
    const client = await openRawTcp(port)
    client.send(...bytes)
    expect(await client.closed).toBe(code)
    client.socket.destroy()
    await checkNeighbour()
  })

  test('a fragmented text is taken, with a ping between and byte by byte', async () => {
    const client = await openRawTcp(port)
    const parts = [HELLO.slice(0, 10), HELLO.slice(10, 30), HELLO.slice(30)]
    const bytes = Buffer.concat([
      frame(TEXT, parts[0] as string, { fin: false }),
      frame(9, 'are you there'),
      frame(0, parts[1] as string, { fin: false }),
      frame(0, parts[2] as string),
    ])
    for (const byte of bytes) client.send(Buffer.from([byte]))
    expect(await client.text('"type":"welcome"')).toContain('"welcome"')
    expect(client.frames.find(({ opcode }) => opcode === 10)?.payload.toString()).toBe('are you there')
    client.socket.destroy()
    await checkNeighbour()
  })

  test.each([
    ['half a request', 'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: webso'],
    ['a request that is none', '\0\0\0\0\r\n\r\n'],
    [
      'an upgrade without a key',
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: presencekit.v1\r\n\r\n',
    ],
    [
      'a version that is none',
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: presencekit.v1\r\n\r\n',
    ],
  ])('%s in place of a handshake', async (_, text) => {
    const before = presence.health().connections
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await new Promise((resolve) => socket.write(text, resolve))
    await checkNeighbour()
    socket.resetAndDestroy()
    await checkNeighbour()
    expect(presence.health().connections).toBe(before)
  })

  test('a reset in the middle of the handshake, and right behind the hello', async () => {
    for (const bytes of [
      Buffer.alloc(0),
      frame(TEXT, HELLO),
      Buffer.concat([frame(TEXT, HELLO), frame(TEXT, ONLINE)]),
    ]) {
      const client = await openRawTcp(port)
      client.socket.write(bytes, () => client.socket.resetAndDestroy())
    }
    await checkNeighbour()
  })
})

test('afterwards none of the connections is left but the neighbour’s', async () => {
  for (let wait = 0; presence.health().connections > 1 && wait < 200; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(presence.health().connections).toBe(1)
})
