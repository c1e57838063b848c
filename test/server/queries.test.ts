/** Fan-out on read: subscriptions, rosters, questions; what they answer and what they leave behind. */
import { describe, expect, test } from 'vitest'
import type { ContactsShape, Gate } from '../support/gate.ts'
import { choice, createServerWorld, GOODBYE, type Peer, type ServerWorld } from '../support/server-world.ts'

const subscribe = (users: readonly string[], ref: number) => ({ type: 'subscribe', users, ref })
const unsubscribe = (users: readonly string[]) => ({ type: 'unsubscribe', users })
const fetch = (users: readonly string[], ref: number) => ({ type: 'fetch', users, ref })
const roster = (ref: number) => ({ type: 'roster', watch: true, ref })
const errorOf = (ref: number) => ({ type: 'error', code: 'UNAVAILABLE', ref })

/** Lets the gates open and everything come to rest. */
async function open(world: ServerWorld): Promise<void> {
  for (const gate of [world.storage, world.contacts]) gate.mode = 'open'
  while (world.storage.held.length + world.contacts.held.length > 0) {
    world.storage.release()
    world.contacts.release()
    await world.clock.settle()
  }
}

describe('subscriptions', () => {
  test('M6: a snapshot answers, changes follow until unsubscribed', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob', { watch: [] })
    await bob.say(subscribe(['alice', 'bob', 'carol'], 3))
    expect(bob.of('snapshot')).toEqual([
      {
        type: 'snapshot',
        ref: 3,
        users: [
          { user: 'alice', status: 'offline' },
          { user: 'bob', status: 'online' },
          { user: 'carol', status: 'unknown' },
        ],
      },
    ])
    const alice = await world.open('alice')
    await bob.say(unsubscribe(['alice']))
    await alice.say(GOODBYE)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })

  test('subscribing again brings a new snapshot, and changes once', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob', { watch: ['alice'] })
    await bob.say(subscribe(['alice', 'alice'], 2))
    await world.open('alice')
    expect(bob.of('snapshot').map(({ ref, users }) => [ref, users.length])).toEqual([
      [1, 1],
      [2, 1],
    ])
    expect(bob.statusesOf('alice')).toEqual(['offline', 'offline', 'online'])
  })

  test('unsubscribing while the answer is under way leaves no subscription behind', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob', { watch: [] })
    world.contacts.mode = 'hold'
    await bob.say(subscribe(['alice'], 1))
    await bob.say(unsubscribe(['alice']))
    await open(world)
    expect(bob.of('snapshot')).toHaveLength(1)
    await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual(['offline'])
  })

  test('unsubscribing and subscribing anew while the first answer is under way watches', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob', { watch: [] })
    world.contacts.mode = 'hold'
    await bob.say(subscribe(['alice'], 1))
    await bob.say(unsubscribe(['alice']))
    await bob.say(subscribe(['alice'], 2))
    world.contacts.held.shift()?.fail()
    await world.clock.settle()
    await open(world)
    expect(bob.errorCodes()).toEqual(['UNAVAILABLE'])
    await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })

  test.each([
    ['the first', 0],
    ['the second', 1],
  ])('of two questions about the same user %s fails: the other one still watches', async (_, failing) => {
    const world = createServerWorld({ limits: { strangersPerDay: 0 } })
    const bob = await world.open('bob', { watch: [] })
    world.contacts.mode = 'hold'
    await bob.say(subscribe(['alice'], 1))
    await bob.say(subscribe(['alice'], 2))
    const held = world.contacts.held.splice(0)
    held[1 - failing]?.give()
    await world.clock.settle()
    held[failing]?.fail()
    await world.clock.settle()
    await open(world)
    expect(bob.frames.slice(-1)).toEqual([errorOf(failing + 1)])
    await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })

  test('the first of two questions about the same user fails before the second is answered: that one watches', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob', { watch: [] })
    world.contacts.mode = 'hold'
    await bob.say(subscribe(['alice'], 1))
    await bob.say(subscribe(['alice'], 2))
    world.contacts.held.shift()?.fail()
    await world.clock.settle()
    await open(world)
    await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })

  test('of two questions about the same user both fail: nothing is watched', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob', { watch: [] })
    world.contacts.mode = 'hold'
    await bob.say(subscribe(['alice'], 1))
    await bob.say(subscribe(['alice'], 2))
    for (const answer of world.contacts.held.splice(0)) answer.fail()
    await open(world)
    await world.open('alice')
    expect(bob.statusesOf('alice')).toEqual([])
  })
})

describe('S7: whom one may not see', () => {
  const shapes: [string, ContactsShape][] = [
    ['contactsOf alone', {}],
    ['canSee', { canSee: true }],
    ['symmetric lists', { symmetric: true }],
  ]
  test.each(shapes)(
    'a stranger and nobody at all give the same frames, online or not (%s)',
    async (_, shape) => {
      const world = createServerWorld({ shape })
      const zoe = await world.open('zoe', { watch: [] })
      const framesAbout = async (user: string): Promise<string[]> => {
        zoe.clear()
        await zoe.say(subscribe([user], 1))
        await zoe.say(fetch([user], 2))
        await zoe.say(subscribe([user], 3))
        return zoe.texts.map((text) => text.replaceAll(user, 'X'))
      }
      const ofNobody = await framesAbout('nobody')
      const ofOffline = await framesAbout('alice')
      const alice = await world.open('alice')
      const ofOnline = await framesAbout('alice')
      await alice.say(choice('busy', { text: 'hidden' }))
      await alice.say(choice('invisible'))
      const ofHidden = await framesAbout('alice')
      zoe.clear()
      await alice.say(choice('auto'))
      await alice.say(GOODBYE)
      expect(zoe.texts).toEqual([])
      expect(ofNobody[0]).toBe('{"type":"snapshot","ref":1,"users":[{"user":"X","status":"unknown"}]}')
      expect([ofOffline, ofOnline, ofHidden]).toEqual([ofNobody, ofNobody, ofNobody])
      expect(await world.server.get(['alice', 'nobody'], { as: 'zoe' })).toEqual([
        { ...(await world.server.get(['nobody'], { as: 'zoe' }))[0], userId: 'alice' },
        { ...(await world.server.get(['nobody'], { as: 'zoe' }))[0], userId: 'nobody' },
      ])
    },
  )

  test('being refused costs the same whoever it is, and nothing is read of them', async () => {
    const world = createServerWorld()
    const zoe = await world.open('zoe', { watch: [] })
    const bob = await world.open('bob', { watch: [] })
    const cost = async (peer: Peer, user: string): Promise<number[]> => {
      const before = [world.contacts.asked.length, world.storage.asked.length]
      await peer.say(fetch([user], 1))
      return [world.contacts.asked.length - (before[0] ?? 0), world.storage.asked.length - (before[1] ?? 0)]
    }
    const [asked] = await cost(bob, 'alice')
    expect(await cost(zoe, 'alice')).toEqual([asked, 0])
    expect(await cost(zoe, 'nobody')).toEqual([asked, 0])
  })

  test('the wire carries no storage time and no version', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice')
    await alice.say(choice('busy'))
    await bob.say(fetch(['alice'], 2))
    const members = new Set(bob.toldOf('alice').flatMap((record) => Object.keys(record)))
    expect([...members]).toEqual(['user', 'status'])
  })
})

describe('rosters', () => {
  const book = new Map([
    ['alice', ['bob', 'carol']],
    ['bob', ['alice']],
    ['carol', []],
    ['zoe', ['alice']],
  ])

  test.each<[string, ContactsShape, string[]]>([
    ['contactsOf alone: the list less those who do not name me', {}, ['bob']],
    ['symmetric: the list as it is', { symmetric: true }, ['bob', 'carol']],
    ['canSee: the list less those it refuses', { canSee: true }, ['bob']],
    ['rosterOf: that one less those who do not name me', { rosterOf: true }, ['bob', 'zoe']],
    ['rosterOf and canSee', { rosterOf: true, canSee: true }, ['bob', 'zoe']],
  ])('%s', async (_, shape, expected) => {
    const world = createServerWorld({ book, shape })
    const alice = await world.open('alice')
    expect(alice.of('snapshot')[0]?.users.map(({ user }) => user)).toEqual(expected)
    alice.clear()
    for (const user of ['bob', 'carol', 'zoe']) await world.open(user)
    const told = alice.frames.flatMap((frame) =>
      'users' in frame ? frame.users.map(({ user }) => user) : [],
    )
    // Whoever names alice in their list tells her; carol does not, whatever alice's own list says.
    expect(told).toEqual(expected.filter((user) => user !== 'carol'))
  })

  test('left, it is left: nothing follows; the subscriptions by id stay', async () => {
    const world = createServerWorld()
    const alice = await world.open('alice')
    await alice.say(subscribe(['carol'], 2))
    await alice.say({ type: 'roster', watch: false })
    alice.clear()
    await world.open('bob')
    await world.open('carol')
    expect([alice.statusesOf('bob'), alice.statusesOf('carol')]).toEqual([[], ['online']])
  })

  test('a question that fails on one session does not make it watch, whatever another session watches', async () => {
    const world = createServerWorld()
    await world.open('alice')
    const second = await world.open('alice', { watch: [] })
    world.contacts.mode = 'reject'
    await second.say(roster(4))
    world.contacts.mode = 'open'
    expect(second.frames.slice(-1)).toEqual([errorOf(4)])
    second.clear()
    await world.open('bob')
    expect(second.texts).toEqual([])
  })

  test('5,000 contacts come in pages, and what changes in between is neither lost nor shown older', async () => {
    const friends = Array.from({ length: 5_000 }, (_, index) => `friend${index}`)
    const world = createServerWorld({
      book: {
        hub: friends,
        ...Object.fromEntries(friends.map((friend) => [friend, ['hub']])),
      },
      limits: { queueSoftBytes: 20_000, queueHardBytes: 2_000_000 },
    })
    const early = await world.open('friend10', { watch: [] })
    const late = await world.open('friend4990', { watch: [] })
    const hub = await world.open('hub', { watch: [] })
    hub.link.stopReading('client')
    await hub.say(roster(9))
    await world.clock.advance(50)
    await early.say(choice('busy'))
    await late.say(choice('busy'))
    await world.clock.advance(50)
    await late.say(choice('away'))
    hub.link.heal()
    await world.clock.advance(5_000)
    const pages = hub.of('snapshot')
    expect(pages).toHaveLength(10)
    expect(pages.map(({ more }) => more ?? false)).toEqual([...Array<boolean>(9).fill(true), false])
    expect(new Set(pages.map(({ ref }) => ref))).toEqual(new Set([9]))
    expect(pages.flatMap(({ users }) => users.map(({ user }) => user))).toEqual(friends)
    expect(hub.statusesOf('friend10').at(-1)).toBe('busy')
    expect(hub.statusesOf('friend4990').at(-1)).toBe('away')
    const order = ['online', 'busy', 'away']
    const seen = hub.statusesOf('friend4990').map((status) => order.indexOf(status))
    expect(seen).toEqual([...seen].sort())
  })
})

describe('M6: asking once', () => {
  test('fetch answers in the order asked and watches nobody', async () => {
    const world = createServerWorld()
    const alice = await world.open('alice', { watch: [] })
    await alice.say(fetch(['carol', 'zoe', 'bob', 'carol'], 5))
    expect(alice.of('snapshot')[0]?.users.map(({ user }) => user)).toEqual(['carol', 'zoe', 'bob'])
    await world.open('bob')
    expect(alice.statusesOf('bob')).toEqual(['offline'])
  })

  test('presence.get through the eyes of a user, and trusted', async () => {
    const world = createServerWorld()
    const alice = await world.open('alice')
    await alice.say(choice('busy', { text: 'words' }))
    const presence = {
      userId: 'alice',
      status: 'busy',
      online: true,
      lastSeen: null,
      lastSeenAccuracy: null,
      reason: null,
      statusText: 'words',
      stale: false,
      version: 0,
    }
    const unknown = { ...presence, status: 'unknown', online: false, statusText: null }
    expect(await world.server.get(['alice'])).toEqual([presence])
    expect(await world.server.get(['alice'], { as: 'bob' })).toEqual([presence])
    expect(await world.server.get(['alice'], { as: 'alice' })).toEqual([presence])
    expect(await world.server.get(['alice'], { as: 'zoe' })).toEqual([unknown])
    expect(await world.server.get(['nobody'])).toEqual([{ ...unknown, userId: 'nobody', status: 'offline' }])
    expect(await world.server.get([])).toEqual([])
    const twice = await world.server.get(['alice', 'zoe', 'alice'])
    expect(twice.map(({ userId }) => userId)).toEqual(['alice', 'zoe', 'alice'])
    expect(Object.isFrozen(twice[0])).toBe(true)
  })
})

describe('L4: adapters that are out of order', () => {
  const faults: readonly Gate['mode'][] = ['throw', 'reject', 'silent']
  const requests: [string, object, (world: ServerWorld) => Gate][] = [
    ['subscribe, contacts', subscribe(['alice'], 7), ({ contacts }) => contacts],
    ['subscribe, storage', subscribe(['alice'], 7), ({ storage }) => storage],
    ['roster, contacts', roster(7), ({ contacts }) => contacts],
    ['roster, storage', roster(7), ({ storage }) => storage],
    ['fetch, contacts', fetch(['alice'], 7), ({ contacts }) => contacts],
    ['fetch, storage', fetch(['alice'], 7), ({ storage }) => storage],
  ]
  const cases = requests.flatMap(([name, request, gateOf]) =>
    faults
      // A storage bounds its own commands; only the contacts are bounded from here.
      .filter((fault) => fault !== 'silent' || name.endsWith('contacts'))
      .map((fault) => ({ name, request, gateOf, fault })),
  )
  test.each(cases)(
    '$name $fault: UNAVAILABLE, and nothing has changed',
    async ({ request, gateOf, fault }) => {
      const world = createServerWorld()
      const bob = await world.open('bob', { watch: [] })
      const gate = gateOf(world)
      gate.mode = fault
      bob.clear()
      await bob.say(request)
      if (fault === 'silent') {
        await world.clock.advance(1_999)
        expect(bob.frames).toEqual([])
        await world.clock.advance(1)
      }
      expect(bob.frames).toEqual([errorOf(7)])
      expect(world.errors.length).toBeGreaterThan(0)
      gate.mode = 'open'
      bob.clear()
      await world.open('alice')
      expect(bob.texts).toEqual([])
      expect(bob.closed).toBeNull()
    },
  )

  test.each(faults.filter((fault) => fault !== 'silent'))(
    'presence.get rejects with UNAVAILABLE (%s)',
    async (fault) => {
      const world = createServerWorld()
      world.storage.mode = fault
      await expect(world.server.get(['alice'])).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        retryable: true,
      })
      world.storage.mode = 'open'
      world.contacts.mode = fault
      await expect(world.server.get(['alice'], { as: 'bob' })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    },
  )

  test('S4: a fan-out that the contacts held up is made up for', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice', { watch: [] })
    world.contacts.mode = 'reject'
    await alice.say(choice('busy'))
    await world.clock.advance(3_000)
    await alice.say(choice('away'))
    world.contacts.mode = 'open'
    await world.clock.advance(1_200)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'away'])
  })

  test('S4 L4: changes that the storage refused are made when it is back, in their order, and told', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice', { watch: [] })
    world.storage.mode = 'reject'
    await alice.say(choice('busy', { text: 'one' }))
    await alice.say(choice('away', { ref: 2 }))
    await world.clock.advance(10_000)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
    world.storage.mode = 'open'
    await world.clock.advance(1_200)
    expect(bob.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'away', text: 'one' })
    expect(alice.of('self').at(-1)).toMatchObject({ chosen: 'away', ref: 2 })
  })

  test('S9 L4: a goodbye that the storage refused is not forgotten', async () => {
    const world = createServerWorld()
    const bob = await world.open('bob')
    const alice = await world.open('alice', { watch: [] })
    const saidAt = world.clock.time()
    world.storage.mode = 'reject'
    await alice.say(GOODBYE)
    expect(alice.closed?.code).toBe(1000)
    await world.clock.advance(30_000)
    world.storage.mode = 'open'
    await world.clock.advance(1_200)
    const record = bob.toldOf('alice').at(-1)
    expect(record).toMatchObject({ status: 'offline', reason: 'leave' })
    expect(Math.abs((record?.lastSeen ?? 0) - saidAt)).toBeLessThanOrEqual(1)
  })

  test('S4: of the reports that wait only the newest of each session counts, and none is refused', async () => {
    const world = createServerWorld({ limits: { framesPerSecond: 0 } })
    const bob = await world.open('bob')
    const [phone, laptop] = [await world.open('alice'), await world.open('alice')]
    world.storage.mode = 'hold'
    for (let round = 0; round < 200; round++) {
      for (const peer of [phone, laptop])
        peer.send({ type: 'PRESENCE_UPDATE', status: round % 2 === 0 ? 'online' : 'away' })
    }
    await world.clock.settle()
    await open(world)
    expect([phone.errorCodes(), laptop.errorCodes()]).toEqual([[], []])
    expect(bob.statusesOf('alice').at(-1)).toBe('away')
  })

  test('what a silent storage makes wait stays bounded, and is refused beyond that', async () => {
    const world = createServerWorld({ limits: { framesPerSecond: 0 } })
    const alice = await world.open('alice')
    world.storage.mode = 'silent'
    for (let ref = 0; ref < 200; ref++) alice.send(choice(ref % 2 === 0 ? 'busy' : 'away', { ref }))
    await world.clock.settle()
    const refused = alice.errorCodes()
    expect(refused.length).toBeGreaterThan(100)
    expect(new Set(refused)).toEqual(new Set(['UNAVAILABLE']))
  })
})
