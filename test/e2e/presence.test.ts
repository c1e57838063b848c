/**
 * Presence end to end: real sockets, the real client, short timers. Alice and Bob are contacts, Carol is a stranger.
 * Everything here runs on one machine, so its wall clock is the server's too.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { createPresenceClient, type PresenceClient } from '../../src/client/index.ts'
import type { Presence } from '../../src/core/index.ts'
import { createPresenceServer, type PresenceServer, staticContacts } from '../../src/server/index.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const TIMEOUT_MS = 1_500
const GRACE_MS = 375
/** How far two readings of the clock may lie apart where a busy machine does something in between. */
const SLACK_MS = 250

let http: Server
let presence: PresenceServer
let proxy: TcpProxy
let port: number
const clients: PresenceClient[] = []

beforeEach(async () => {
  presence = createPresenceServer({
    authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
    contacts: staticContacts({ alice: ['bob'], bob: ['alice'], carol: [] }),
    heartbeat: { timeoutMs: TIMEOUT_MS },
    graceMs: GRACE_MS,
  })
  http = createServer()
  const server = new WebSocketServer({ server: http })
  presence.attach(server)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  port = (http.address() as AddressInfo).port
  proxy = await openTcpProxy(port)
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await presence.close()
  await proxy.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
})

/** A socket that notes when it answered a heartbeat last. */
const answered = { at: 0 }
class NotingSocket extends WebSocket {
  override send(data: string): void {
    if (data === '{"type":"heartbeat"}') answered.at = Date.now()
    super.send(data)
  }
}

function openClient(userId: string, { through = port, socket = WebSocket } = {}): PresenceClient {
  const client = createPresenceClient({
    url: `ws://127.0.0.1:${String(through)}`,
    token: userId,
    reconnect: { minDelayMs: 20, maxDelayMs: 50 },
    WebSocket: socket as never,
  })
  clients.push(client)
  return client
}

/** What a client was told of a user, in order, and a way to wait for more of it. */
function follow(client: PresenceClient, userId: string) {
  const told: Presence[] = []
  const waiting = new Set<() => void>()
  const subscription = client.subscribe(userId, (record) => {
    told.push(record)
    for (const check of waiting) check()
  })
  const until = (fits: (record: Presence) => boolean): Promise<Presence> =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = told.find(fits)
        if (!found) return
        waiting.delete(check)
        resolve(found)
      }
      waiting.add(check)
      check()
    })
  return { told, ready: subscription.ready, until, statuses: () => told.map(({ status }) => status) }
}

function untilServer(event: 'session:open' | 'session:close'): Promise<void> {
  return new Promise((resolve) => {
    const off = presence.on(event, () => {
      off()
      resolve()
    })
  })
}

/** Lets real time pass: there is no other way to see that nothing happens. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

test('M2, M3: Alice comes online; Bob is told, and Carol neither is nor can find out', async () => {
  const bob = follow(openClient('bob'), 'alice')
  await bob.ready
  const carolClient = openClient('carol')
  const carol = follow(carolClient, 'alice')
  await carol.ready
  await openClient('alice').connect()
  await bob.until(({ status }) => status === 'online')
  expect(bob.statuses()).toEqual(['offline', 'online'])
  const [alice, nobody] = await carolClient.fetch(['alice', 'no-such-user'])
  expect(carol.statuses().filter((status) => status !== 'unknown')).toEqual([])
  expect({ ...alice, userId: '', version: 0 }).toEqual({ ...nobody, userId: '', version: 0 })
})

test("S15: Alice's second device opens and closes, and nobody is told", async () => {
  await openClient('alice').connect()
  const bob = follow(openClient('bob'), 'alice')
  await bob.ready
  const phone = openClient('alice')
  await phone.connect()
  const gone = untilServer('session:close')
  await phone.disconnect()
  await gone
  const tablet = openClient('alice')
  await tablet.connect()
  const lost = untilServer('session:close')
  tablet.destroy()
  await lost
  await pass(GRACE_MS + SLACK_MS)
  expect(bob.statuses()).toEqual(['online'])
})

test('S9, M4: Alice says goodbye; Bob is told at once, and last seen is that moment', async () => {
  const alice = openClient('alice')
  await alice.connect()
  const bob = follow(openClient('bob'), 'alice')
  await bob.ready
  const before = Date.now()
  await alice.disconnect()
  const record = await bob.until(({ status }) => status === 'offline')
  expect(Date.now() - before).toBeLessThan(GRACE_MS)
  expect(record).toMatchObject({ reason: 'leave', lastSeenAccuracy: 'exact', online: false })
  expect(record.lastSeen).toBeGreaterThanOrEqual(before - 1)
  expect(record.lastSeen).toBeLessThanOrEqual(Date.now())
})

test("S1, S6, M5: Alice's cable is cut; after the timeout Bob is told, last seen is her last answer", async () => {
  const alice = openClient('alice', { through: proxy.port, socket: NotingSocket })
  await alice.connect()
  const bob = follow(openClient('bob'), 'alice')
  await bob.ready
  await pass(TIMEOUT_MS)
  proxy.cut()
  const record = await bob.until(({ status }) => status === 'offline')
  const told = Date.now()
  expect(record.reason).toBe('expire')
  expect(Math.abs((record.lastSeen ?? 0) - answered.at)).toBeLessThan(SLACK_MS)
  // T after the last sign of life, and never before.
  expect(told - answered.at).toBeGreaterThanOrEqual(TIMEOUT_MS - 10)
  expect(bob.statuses()).toEqual(['online', 'offline'])
  proxy.mend()
  proxy.reset()
  await bob.until(({ status, version }) => status === 'online' && version > record.version)
})

test('S10: Alice drops and is back within the grace, and nobody is told', async () => {
  const alice = openClient('alice', { through: proxy.port })
  await alice.connect()
  const bob = follow(openClient('bob'), 'alice')
  await bob.ready
  const back = untilServer('session:open')
  proxy.reset()
  await back
  await pass(GRACE_MS + SLACK_MS)
  expect(bob.statuses()).toEqual(['online'])
})

test('M6: Bob opens the chat, and fetch gives the truth', async () => {
  const bob = openClient('bob')
  expect(bob.get('alice')).toMatchObject({ status: 'unknown', version: 0 })
  expect(await bob.fetch('alice')).toMatchObject([{ status: 'offline', lastSeen: null }])
  const alice = openClient('alice')
  await alice.setStatus('busy', { text: 'In a meeting' })
  expect(await bob.fetch(['bob', 'alice'])).toMatchObject([
    { userId: 'bob', status: 'online' },
    { userId: 'alice', status: 'busy', statusText: 'In a meeting' },
  ])
})
