import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { createPresenceClient, type PresenceClient } from '../../src/client/index.ts'
import type { Presence } from '../../src/core/model.ts'
import { createPresenceServer } from '../../src/server/index.ts'
import { createServerWorld, GRACE, type ServerWorld, T } from '../support/server-world.ts'

interface User {
  readonly client: PresenceClient
  /** What their contacts' listeners were told, in short. */
  readonly told: string[]
}

/** The two shipped halves over a network in memory. */
function createUser({ network, clock }: ServerWorld, token: string): User {
  const client = createPresenceClient({ url: 'ws://example.com', token, clock, WebSocket: network.WebSocket })
  const told: string[] = []
  client.subscribeContacts(({ userId, status, reason }) =>
    told.push([userId, status, reason].filter(Boolean).join(' ')),
  )
  return { client, told }
}

describe('client and server', () => {
  it('S9: online, then a goodbye: offline at once, with a last seen', async () => {
    const world = createServerWorld()
    const alice = createUser(world, 'alice')
    await world.clock.advance(100)
    const bob = createUser(world, 'bob')
    await world.clock.advance(100)
    const leftAt = world.clock.time()
    void bob.client.disconnect()
    await world.clock.advance(100)
    expect(alice.told).toEqual(['bob offline', 'carol offline', 'bob online', 'bob offline leave'])
    expect(bob.told).toEqual(['alice online'])
    expect(alice.client.get('bob').lastSeen).toBeGreaterThanOrEqual(leftAt)
    expect(alice.client.get('bob').lastSeen).toBeLessThanOrEqual(leftAt + 100)
  })

  it('S10: a drop and a return within the grace tells nobody, on either side', async () => {
    const world = createServerWorld()
    const alice = createUser(world, 'alice')
    const bob = createUser(world, 'bob')
    await world.clock.advance(1_000)
    alice.told.length = bob.told.length = 0
    world.network.resetAll()
    await world.clock.advance(T)
    expect([alice.told, bob.told]).toEqual([[], []])
    expect([alice.client.state, bob.client.state]).toEqual(['connected', 'connected'])
  })

  it('S1: a client that is cut off expires, and says so when it is back', async () => {
    const world = createServerWorld()
    const alice = createUser(world, 'alice')
    await world.clock.advance(100)
    const bob = createUser(world, 'bob')
    await world.clock.advance(100)
    const [, cable] = world.network.links
    cable?.cut()
    world.network.refuse(true)
    await world.clock.advance(T + GRACE)
    expect(alice.told.slice(2)).toEqual(['bob online', 'bob offline expire'])
    expect(bob.client.get('alice')).toMatchObject({ status: 'online', stale: true })
    world.network.refuse(false)
    await world.clock.advance(T)
    expect(alice.told.slice(4)).toEqual(['bob online'])
    expect(bob.client.get('alice')).toMatchObject({ status: 'online', stale: false })
  })

  it('C4: an idle hour needs no reconnect', async () => {
    const world = createServerWorld()
    const { client } = createUser(world, 'alice')
    const states: string[] = []
    client.on('connection', ({ current }) => states.push(current))
    await world.clock.advance(3_600_000)
    expect(states).toEqual(['connected'])
  })

  it('a choice is shown, survives a reconnect, and lapses', async () => {
    const world = createServerWorld()
    const alice = createUser(world, 'alice')
    const bob = createUser(world, 'bob')
    await world.clock.advance(100)
    void bob.client.setStatus('busy', { text: 'In a meeting', expiresInMs: 600_000 })
    await world.clock.advance(100)
    expect(alice.client.get('bob')).toMatchObject({
      status: 'busy',
      online: true,
      statusText: 'In a meeting',
    })
    world.network.resetAll()
    await world.clock.advance(30_000)
    expect(bob.client.self).toMatchObject({ chosen: 'busy', statusText: 'In a meeting' })
    await world.clock.advance(600_000)
    expect(alice.client.get('bob')).toMatchObject({ status: 'online', statusText: null })
    expect(bob.client.self.chosen).toBe('auto')
  })

  it('S7: who may not be seen and who does not exist look the same', async () => {
    const world = createServerWorld()
    const zoe = createUser(world, 'zoe')
    createUser(world, 'bob')
    await world.clock.advance(100)
    const asking = zoe.client.fetch(['bob', 'nobody'])
    await world.clock.advance(100)
    const [bob, nobody] = (await asking) as [Presence, Presence]
    expect({ ...bob, userId: '' }).toEqual({ ...nobody, userId: '' })
  })

  it('a kicked client stays away', async () => {
    const world = createServerWorld()
    const { client } = createUser(world, 'bob')
    await world.clock.advance(100)
    await world.server.disconnectUser('bob')
    await world.clock.advance(T)
    expect([client.state, client.connection.reason, world.network.links.length]).toEqual([
      'closed',
      'KICKED',
      0,
    ])
  })

  it('a refused token ends connect()', async () => {
    const world = createServerWorld({ authenticate: () => null })
    const { client } = createUser(world, 'bob')
    const connecting = expect(client.connect()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await world.clock.advance(1_000)
    await connecting
  })

  it('L5: a server that restarts is come back to at the named time', async () => {
    const world = createServerWorld()
    const { client } = createUser(world, 'bob')
    await world.clock.advance(100)
    void world.server.close({ drainMs: 10_000 })
    await world.clock.advance(5_000)
    expect(client.connection).toMatchObject({ current: 'reconnecting', reason: 'RESTART' })
    expect(client.connection.retryInMs).toBeLessThanOrEqual(20_000)
  })

  it('thousands of users are subscribed to without a limit being hit', async () => {
    const ids = Array.from({ length: 9_000 }, (_, index) => `a-user-with-a-rather-long-id-${index}`)
    const book = Object.fromEntries(ids.map((id) => [id, ['alice']]))
    const world = createServerWorld({ book: { ...book, alice: ids } })
    const { client } = createUser(world, 'alice')
    const errors: string[] = []
    client.on('error', ({ code }) => errors.push(code))
    const { ready } = client.subscribe(ids)
    await world.clock.advance(60_000)
    expect((await ready).every(({ status }) => status === 'offline')).toBe(true)
    expect(errors).toEqual([])
  })
})

describe('over real sockets', () => {
  it('two clients of the platform’s own WebSocket see each other come and go', async () => {
    const http = createServer()
    const presence = createPresenceServer({
      authenticate: ({ token }) => (token ? { userId: token } : null),
      contacts: { contactsOf: () => ['alice', 'bob'] },
    })
    presence.attach(new WebSocketServer({ server: http }))
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
    const alice = createPresenceClient({ url, token: 'alice' })
    const bob = createPresenceClient({ url, token: 'bob' })
    const statuses: string[] = []
    let isGone = () => {}
    const gone = new Promise<void>((resolve) => {
      isGone = resolve
    })
    // What happens before the snapshot is no change to whoever watches from then on.
    const [first] = await alice.subscribe('bob', ({ status }) => {
      statuses.push(status)
      if (statuses.length > 1 && status === 'offline') isGone()
    }).ready
    expect(first).toMatchObject({ status: 'offline', lastSeen: null })
    await expect(alice.fetch('bob')).resolves.toMatchObject([{ status: 'offline' }])
    await bob.connect()
    await bob.setStatus('busy').then(() => bob.disconnect())
    await gone
    // Both may come in one frame, as busy.
    expect(statuses.filter((status) => status !== 'online')).toEqual(['offline', 'busy', 'offline'])
    alice.destroy()
    await presence.close()
    await new Promise((resolve) => http.close(resolve))
  })
})
