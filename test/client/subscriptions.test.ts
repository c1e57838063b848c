import { describe, expect, it } from 'vitest'
import type { PresenceListener } from '../../src/client/index.ts'
import type { Presence } from '../../src/core/model.ts'
import { type ClientWorld, createClientWorld } from '../support/client-world.ts'
import { SERVER_TIME } from '../support/scripted-server.ts'

const ONLINE = { status: 'online' } as const
const OFFLINE = { status: 'offline', lastSeen: SERVER_TIME, reason: 'drop' } as const
const SOON_MS = 600

interface Watched extends ClientWorld {
  /** What a listener of bob was told, in short. */
  readonly told: string[]
}

/** A client that watches bob, who is online. */
async function watching(): Promise<Watched> {
  const world = createClientWorld()
  const { listener, told } = recorder()
  world.server.presences.set('bob', ONLINE)
  world.client.subscribe('bob', listener)
  await world.clock.advance(100)
  return { ...world, told }
}

function recorder(): { readonly listener: PresenceListener; readonly told: string[] } {
  const told: string[] = []
  return {
    told,
    listener: ({ userId, status, stale, version }) =>
      told.push(`${userId} ${status}${stale ? ' stale' : ''} ${version}`),
  }
}

async function reconnect({ clock, server }: ClientWorld): Promise<void> {
  server.connection.socket.close(1011)
  await clock.advance(SOON_MS)
}

describe('subscribe', () => {
  it('connects by itself, and is ready with the first snapshot, in the order named', async () => {
    const { client, clock, server } = createClientWorld()
    server.presences.set('bob', ONLINE).set('carol', OFFLINE)
    const { ready } = client.subscribe(['carol', 'bob', 'nobody'])
    await clock.advance(100)
    expect((await ready).map(({ userId, status }) => [userId, status])).toEqual([
      ['carol', 'offline'],
      ['bob', 'online'],
      ['nobody', 'unknown'],
    ])
  })

  it('keeps whoever stands on an early page of the answer as fresh as those on the last', async () => {
    const world = createClientWorld()
    const { listener, told } = recorder()
    world.server.script = ({ send }, message) => {
      if (message.type !== 'subscribe') return false
      const { ref, users } = message
      users.forEach((user, index) => {
        const more = index < users.length - 1
        send({ type: 'snapshot', ref, users: [{ user, ...ONLINE }], ...(more && { more }) })
      })
      return true
    }
    const { ready } = world.client.subscribe(['bob', 'carol', 'dave'], listener)
    await world.clock.advance(100)
    expect(await ready).toHaveLength(3)
    await world.clock.advance(120_000)
    expect(told).toEqual(['bob online 1', 'carol online 1', 'dave online 1'])
  })

  it('tells a listener of the first snapshot and of each visible change, with what it saw before', async () => {
    const { client, clock, server } = createClientWorld()
    const calls: [Presence, Presence][] = []
    client.subscribe('bob', (...call) => calls.push(call))
    await clock.advance(100)
    server.change('bob', ONLINE)
    await clock.advance(100)
    expect(
      calls.map(([presence, previous]) => [presence.status, presence.version, previous.version]),
    ).toEqual([
      ['unknown', 0, 0],
      ['online', 1, 0],
    ])
    expect(calls[1]?.[0]).toBe(client.get('bob'))
    expect(Object.isFrozen(client.get('bob'))).toBe(true)
  })

  it('S11: never tells the same record twice', async () => {
    const { client, clock, server, told } = await watching()
    server.change('bob', ONLINE)
    void client.fetch('bob')
    await clock.advance(100)
    expect(told).toEqual(['bob online 1'])
  })

  it('tells a later listener what is known, without asking the server, and not before the call returns', async () => {
    const { client, clock, server } = await watching()
    const { listener, told } = recorder()
    const { ready } = client.subscribe('bob', listener)
    expect(told).toEqual([])
    expect(await ready).toEqual([client.get('bob')])
    expect(told).toEqual(['bob online 1'])
    await clock.advance(1_000)
    expect(server.connection.of('subscribe').length).toBe(1)
  })

  it('add and remove change whom it watches', async () => {
    const { client, clock, server } = createClientWorld()
    const { listener, told } = recorder()
    server.presences.set('bob', ONLINE).set('carol', ONLINE)
    const subscription = client.subscribe('bob', listener)
    await clock.advance(100)
    subscription.add('carol')
    subscription.remove('bob')
    await clock.advance(100)
    server.change('bob', OFFLINE)
    server.change('carol', OFFLINE)
    await clock.advance(100)
    expect(told).toEqual(['bob online 1', 'carol online 1', 'carol offline 2'])
  })

  it('is ready at once over nobody', async () => {
    await expect(createClientWorld().client.subscribe([]).ready).resolves.toEqual([])
  })

  it.each(['', 'x'.repeat(129), '\ud800'])('throws BAD_ID for %j', (id) => {
    const { client } = createClientWorld()
    const badId = expect.objectContaining({ code: 'BAD_ID' }) as Error
    expect(() => client.subscribe(['bob', id])).toThrow(badId)
    expect(() => client.get(id)).toThrow(badId)
    expect(client.state).toBe('idle')
  })

  it.each(['__proto__', 'toString', 'constructor'])('takes %s for a user like any other', async (id) => {
    const { client, clock, server } = createClientWorld()
    server.presences.set(id, ONLINE)
    client.subscribe(id)
    await clock.advance(100)
    expect(client.get(id)).toMatchObject({ userId: id, status: 'online', version: 1 })
  })

  it('a listener that throws disturbs nobody', async () => {
    const { client, clock, server, errors } = createClientWorld()
    const { listener, told } = recorder()
    client.subscribe('bob', () => {
      throw new Error('a fault of the application')
    })
    client.on('presence', () => {
      throw new Error('another')
    })
    client.on('error', () => {
      throw new Error('even here')
    })
    client.subscribe('bob', listener)
    await clock.advance(100)
    server.change('bob', ONLINE)
    await clock.advance(100)
    expect(told).toEqual(['bob unknown 0', 'bob online 1'])
    expect(new Set(errors)).toEqual(new Set(['listener INTERNAL']))
  })

  it('a listener may subscribe and unsubscribe', async () => {
    const { client, clock, server } = createClientWorld()
    const { listener, told } = recorder()
    server.presences.set('bob', ONLINE).set('carol', ONLINE)
    const first = client.subscribe('bob', () => {
      first.unsubscribe()
      second.unsubscribe()
      client.subscribe('carol', listener)
    })
    const second = client.subscribe('bob', listener)
    await clock.advance(200)
    expect(told).toEqual(['carol online 1'])
  })
})

describe('unsubscribe', () => {
  it('is told to the server only after the delay', async () => {
    const { client, clock, server } = createClientWorld()
    const { unsubscribe } = client.subscribe('bob')
    await clock.advance(100)
    unsubscribe()
    await clock.advance(4_999)
    expect(server.connection.of('unsubscribe')).toEqual([])
    await clock.advance(100)
    expect(server.connection.of('unsubscribe')).toEqual([{ type: 'unsubscribe', users: ['bob'] }])
  })

  it('and subscribing again within the delay tells the server nothing', async () => {
    const { client, clock, server } = createClientWorld()
    client.subscribe('bob').unsubscribe()
    const again = client.subscribe('bob')
    await clock.advance(100)
    again.unsubscribe()
    await clock.advance(4_000)
    await client.subscribe('bob').ready
    await clock.advance(60_000)
    expect(server.connection.of('subscribe').length).toBe(1)
    expect(server.connection.of('unsubscribe')).toEqual([])
  })

  it('L1: and subscribing again as it is about to be told asks for what was let go of', async () => {
    const { client, clock, server } = createClientWorld()
    server.presences.set('bob', ONLINE)
    const { unsubscribe } = client.subscribe('bob')
    await clock.advance(100)
    unsubscribe()
    await clock.advance(5_010)
    const { listener, told } = recorder()
    const again = client.subscribe('bob', listener)
    await clock.advance(100)
    await again.ready
    server.change('bob', OFFLINE)
    await clock.advance(120_000)
    expect(told).toEqual(['bob online 1', 'bob offline 2'])
    again.unsubscribe()
    await clock.advance(5_100)
    expect(server.connection.of('unsubscribe')).toEqual([{ type: 'unsubscribe', users: ['bob'] }])
  })

  it('waits for the last who watches', async () => {
    const { client, clock, server } = createClientWorld()
    const first = client.subscribe(['bob', 'carol'])
    const second = client.subscribe('carol')
    await clock.advance(100)
    first.unsubscribe()
    first.unsubscribe()
    await clock.advance(10_000)
    expect(server.connection.of('unsubscribe')).toEqual([{ type: 'unsubscribe', users: ['bob'] }])
    second.unsubscribe()
    await clock.advance(10_000)
    expect(server.connection.of('unsubscribe')[1]).toEqual({ type: 'unsubscribe', users: ['carol'] })
  })

  it('before the first snapshot ends the wait for it', async () => {
    const { client } = createClientWorld()
    const { ready, unsubscribe } = client.subscribe('bob')
    unsubscribe()
    await expect(ready).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('leaves a record that turns stale, then unknown, for nobody keeps it up to date', async () => {
    const { client, clock, server } = createClientWorld({ unsubscribeDelayMs: 0 })
    server.presences.set('bob', ONLINE)
    const { unsubscribe } = client.subscribe('bob')
    await clock.advance(100)
    unsubscribe()
    expect(client.get('bob')).toMatchObject({ status: 'online', stale: false })
    await clock.advance(5_100)
    expect(client.get('bob')).toMatchObject({ status: 'online', stale: true })
    await clock.advance(55_000)
    expect(client.get('bob').status).toBe('unknown')
  })
})

describe('after a reconnect', () => {
  it('everything is subscribed again, in one frame', async () => {
    const world = createClientWorld()
    world.client.subscribe(['bob', 'carol'])
    await world.clock.advance(100)
    world.client.subscribe('dave')
    await world.clock.advance(100)
    await reconnect(world)
    expect(world.server.connection.of('subscribe').map(({ users }) => users)).toEqual([
      ['bob', 'carol', 'dave'],
    ])
  })

  it('S10: records equal to what is known wake nobody', async () => {
    const world = await watching()
    const before = world.client.get('bob')
    await reconnect(world)
    expect(world.server.connections.length).toBe(2)
    expect(world.told).toEqual(['bob online 1'])
    expect(world.client.get('bob')).toBe(before)
  })

  it('S10: a listener wakes once, for what differs', async () => {
    const world = await watching()
    world.server.presences.set('bob', OFFLINE)
    await reconnect(world)
    expect(world.told).toEqual(['bob online 1', 'bob offline 2'])
  })

  it('S3: version never falls, through reconnects, staleness and a new subscription', async () => {
    const world = await watching()
    const versions: number[] = []
    world.client.on('presence', ({ version }) => versions.push(version))
    for (let round = 0; round < 5; round++) {
      world.network.refuse(true)
      world.server.connection.socket.close(1011)
      await world.clock.advance(round * 20_000)
      world.network.refuse(false)
      await world.clock.advance(31_000)
      world.server.change('bob', round % 2 ? ONLINE : OFFLINE)
      await world.clock.advance(100)
    }
    expect(versions.length).toBeGreaterThan(10)
    expect(versions).toEqual(versions.map((_, index) => index + 2))
  })
})

describe('a lost connection', () => {
  async function lost(): Promise<Watched> {
    const world = await watching()
    world.network.refuse(true)
    world.server.connection.socket.close(1011)
    await world.clock.advance(10)
    return world
  }

  it('turns what is known stale, then unknown, and never offline', async () => {
    const { client, clock, told } = await lost()
    await clock.advance(4_900)
    expect(told).toEqual(['bob online 1'])
    await clock.advance(200)
    expect(client.get('bob')).toMatchObject({ status: 'online', online: true, stale: true })
    await clock.advance(55_000)
    expect(told).toEqual(['bob online 1', 'bob online stale 2', 'bob unknown stale 3'])
    expect(client.get('bob')).toMatchObject({ online: false, lastSeen: null })
  })

  it('turns fresh with one wake when it is back', async () => {
    const { clock, network, told } = await lost()
    await clock.advance(20_000)
    network.refuse(false)
    await clock.advance(31_000)
    expect(told).toEqual(['bob online 1', 'bob online stale 2', 'bob online 3'])
  })

  it('is no transition: online and offline compare what the server said', async () => {
    const { client, clock, network, server } = await lost()
    const transitions: string[] = []
    client.on('online', ({ userId }) => transitions.push(`${userId} online`))
    client.on('offline', ({ userId }) => transitions.push(`${userId} offline`))
    await clock.advance(70_000)
    expect(client.get('bob').status).toBe('unknown')
    network.refuse(false)
    await clock.advance(31_000)
    expect(transitions).toEqual([])
    server.change('bob', OFFLINE)
    await clock.advance(100)
    expect(transitions).toEqual(['bob offline'])
  })

  it('does not wake for who was never known', async () => {
    const { client, clock } = createClientWorld()
    const { listener, told } = recorder()
    client.subscribe('bob', listener)
    await clock.advance(1)
    expect(told).toEqual([])
    expect(client.get('bob')).toBe(client.get('bob'))
  })
})

describe('subscribeContacts', () => {
  async function contacts(): Promise<Watched & { readonly off: () => void }> {
    const world = createClientWorld()
    const { listener, told } = recorder()
    world.server.presences.set('bob', ONLINE).set('carol', OFFLINE)
    world.server.roster = ['bob', 'carol']
    const off = world.client.subscribeContacts(listener)
    await world.clock.advance(100)
    expect((await off.ready).map(({ userId }) => userId)).toEqual(['bob', 'carol'])
    return { ...world, told, off }
  }

  it('tells of the whole list, and of each change', async () => {
    const { clock, server, told } = await contacts()
    server.change('carol', ONLINE)
    await clock.advance(100)
    expect(told).toEqual(['bob online 1', 'carol offline 1', 'carol online 2'])
  })

  it('takes the list in pages', async () => {
    const world = createClientWorld()
    const { listener, told } = recorder()
    world.server.script = ({ send }, message) => {
      if (message.type !== 'roster' || message.ref === undefined) return false
      send({ type: 'snapshot', ref: message.ref, users: [{ user: 'bob', ...ONLINE }], more: true })
      send({ type: 'snapshot', ref: message.ref, users: [{ user: 'carol', ...ONLINE }] })
      return true
    }
    const { ready } = world.client.subscribeContacts(listener)
    await world.clock.advance(100)
    expect((await ready).length).toBe(2)
    expect(told).toEqual(['bob online 1', 'carol online 1'])
  })

  it('tells of who joins it', async () => {
    const { clock, server, told } = await contacts()
    server.change('dave', ONLINE)
    await clock.advance(100)
    expect(told.at(-1)).toBe('dave online 1')
  })

  it('shows who has left it meanwhile as unknown', async () => {
    const world = await contacts()
    world.server.roster = ['carol']
    await reconnect(world)
    await world.clock.advance(100)
    expect(world.client.get('bob')).toMatchObject({ status: 'unknown', stale: false })
    expect(world.client.get('carol').status).toBe('offline')
  })

  it('S10: a reconnect wakes nobody for what is the same', async () => {
    const world = await contacts()
    await reconnect(world)
    expect(world.server.connection.of('roster')).toMatchObject([{ watch: true }])
    expect(world.told.length).toBe(2)
  })

  it('tells a second listener what is known', async () => {
    const { client } = await contacts()
    const { listener, told } = recorder()
    await client.subscribeContacts(listener).ready
    expect(told).toEqual(['bob online 1', 'carol offline 1'])
  })

  it('does not mix those who are watched by id into the list', async () => {
    const { client, clock, server, told } = await contacts()
    client.subscribe('eve')
    await clock.advance(100)
    server.change('eve', ONLINE)
    await clock.advance(100)
    expect(told.length).toBe(2)
  })

  it('nor those who are spoken of before the question about them is answered', async () => {
    const { client, clock, server, told } = await contacts()
    server.script = (_, message) => message.type === 'subscribe'
    client.subscribe('eve')
    await clock.advance(100)
    server.change('eve', ONLINE)
    await clock.advance(100)
    expect(told.length).toBe(2)
  })

  it('ends after the delay', async () => {
    const { client, clock, server, off, told } = await contacts()
    off()
    await clock.advance(5_100)
    expect(server.connection.of('roster').at(-1)).toEqual({ type: 'roster', watch: false })
    await clock.advance(5_100)
    expect(client.get('bob').stale).toBe(true)
    expect(told.length).toBe(2)
  })
})
