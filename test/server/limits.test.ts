/** Every limit, hit by one client, with the code that it gives, beside a neighbour who does not notice. */
import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts'
import { createServerWorld, GOODBYE, type Peer, type ServerWorld } from '../support/server-world.ts'

const FRIENDS_OF_NEIGHBOUR = { friend: ['neighbour'], neighbour: ['friend'], alice: [], bob: [] }
const hello = (more: object = {}) => ({ type: 'hello', version: 1, token: 'alice', ...more })
const tested = new Set<keyof Limits>()

/** A world in which a neighbour watches a friend; at the end they must still hear of them, and still be connected. */
async function openStreet(limits: Partial<Limits> = {}) {
  for (const name of Object.keys(limits)) tested.add(name as keyof Limits)
  const world = createServerWorld({ book: FRIENDS_OF_NEIGHBOUR, limits })
  const neighbour = await world.open('neighbour')
  const check = async (): Promise<void> => {
    neighbour.clear()
    const friend = await world.open('friend', { watch: [] })
    await friend.say(GOODBYE)
    expect(neighbour.statusesOf('friend')).toEqual(['online', 'offline'])
    expect([neighbour.closed, neighbour.errorCodes()]).toEqual([null, []])
    expect(world.errors).toEqual([])
  }
  streets.push(check)
  return world
}

const streets: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const check of streets.splice(0)) await check()
})

async function flood(world: ServerWorld, peer: Peer, frames: number): Promise<void> {
  for (let frame = 0; frame < frames; frame++) peer.send({ type: 'heartbeat' })
  await world.clock.settle()
}

describe('before anybody is known', () => {
  test('helloMs: who says nothing is closed with 4102', async () => {
    const world = await openStreet({ helloMs: 3_000 })
    const silent = await world.connect()
    await world.clock.advance(2_999)
    expect(silent.closed).toBeNull()
    await world.clock.advance(200)
    expect(silent.closed).toEqual({ code: 4102, reason: 'HELLO_TIMEOUT' })
  })

  test.each([0, 2, 99])(
    'a hello of version %s is closed with 4002, and authenticate is not asked',
    async (version) => {
      const asked: unknown[] = []
      const world = createServerWorld({ authenticate: ({ token }) => (asked.push(token), null) })
      const peer = await world.connect()
      await peer.say(hello({ version }))
      expect(peer.closed).toEqual({ code: 4002, reason: 'VERSION' })
      expect(asked).toEqual([])
    },
  )

  test('helloFrameBytes: a hello of a byte more is closed with 1009', async () => {
    const world = await openStreet({ helloFrameBytes: 200 })
    const pad = (bytes: number) => {
      const frame = JSON.stringify(hello({ padding: '' }))
      return frame.replace('"padding":""', `"padding":"${'x'.repeat(bytes - frame.length)}"`)
    }
    const [fits, exceeds] = [await world.connect(), await world.connect()]
    await fits.say(pad(200))
    await exceeds.say(pad(201))
    expect([fits.closed, exceeds.closed?.code]).toEqual([null, 1009])
  })

  test('admissionsPerSecond: the others are told when to come back, and are let in then', async () => {
    const world = await openStreet({ admissionsPerSecond: 3 })
    await world.clock.advance(2_000)
    const peers = []
    for (let index = 0; index < 5; index++) peers.push(await world.open('alice', { watch: [] }))
    expect(peers.map(({ closed }) => closed?.code ?? null)).toEqual([null, null, null, 1013, 1013])
    expect(peers[4]?.closed?.reason).toBe('OVERLOAD 1000')
    await world.clock.advance(1_000)
    expect((await world.open('alice')).closed).toBeNull()
  })

  test('frames sent right behind the hello wait, up to sixteen; more are refused and the connection lives', async () => {
    let letIn = (): void => {}
    const world = createServerWorld({
      authenticate: () =>
        new Promise((resolve) => {
          letIn = () => {
            resolve({ userId: 'alice' })
          }
        }),
    })
    const peer = await world.connect()
    peer.send(hello())
    peer.send({ type: 'PRESENCE_UPDATE', status: 'online' })
    for (let ref = 1; ref <= 20; ref++) peer.send({ type: 'fetch', users: ['bob'], ref })
    await world.clock.settle()
    expect(peer.of('error').map(({ code, ref }) => `${code} ${ref}`)).toEqual(
      [16, 17, 18, 19, 20].map((ref) => `RATE_LIMITED ${ref}`),
    )
    letIn()
    await world.clock.settle()
    expect(peer.of('snapshot').map(({ ref }) => ref)).toEqual(
      Array.from({ length: 15 }, (_, index) => index + 1),
    )
  })

  test('frameBytes: frames that wait for authenticate are no more than one could hold', async () => {
    const world = createServerWorld({
      limits: { frameBytes: 8_192 },
      authenticate: () => new Promise(() => {}),
    })
    const peer = await world.connect()
    peer.send(hello())
    const frame = (ref: number, length: number) => ({
      type: 'fetch',
      users: ['bob'],
      ref,
      more: 'x'.repeat(length),
    })
    for (const [ref, length] of [4_000, 4_000, 4_000, 10].entries()) peer.send(frame(ref + 1, length))
    await world.clock.settle()
    expect(peer.of('error').map(({ code, ref }) => `${code} ${ref}`)).toEqual(['RATE_LIMITED 3'])
  })
})

describe('frames', () => {
  test.each<[keyof Limits, number, object, object]>([
    ['jsonDepth', 3, { type: 'heartbeat', a: [[]] }, { type: 'heartbeat', a: [[[]]] }],
    ['jsonKeys', 3, { type: 'heartbeat', a: 1, b: 2 }, { type: 'heartbeat', a: 1, b: 2, c: 3 }],
    [
      'statusTextLength',
      5,
      { type: 'PRESENCE_UPDATE', status: 'busy', text: '12345' },
      { type: 'PRESENCE_UPDATE', status: 'busy', text: '123456' },
    ],
    ['tokenBytes', 5, { type: 'token', token: 'alice' }, { type: 'token', token: 'alice!' }],
  ])('%s: more is BAD_MESSAGE', async (limit, value, fits, exceeds) => {
    const world = await openStreet({ ...(limit === 'tokenBytes' ? {} : { [limit]: value }) })
    tested.add(limit)
    const strict = createServerWorld({ limits: { [limit]: value } })
    const peer = await strict.open('alice', { watch: [] })
    await peer.say(fits)
    expect(peer.errorCodes()).toEqual([])
    await peer.say(exceeds)
    expect(peer.errorCodes()).toEqual(['BAD_MESSAGE'])
    expect(peer.closed).toBeNull()
    expect(world.errors).toEqual([])
  })

  test('idBytes: more is BAD_ID, also for the application and for authenticate', async () => {
    tested.add('idBytes')
    const world = createServerWorld({ limits: { idBytes: 5 } })
    const peer = await world.open('alice', { watch: [] })
    await peer.say({ type: 'fetch', users: ['123456'], ref: 1 })
    expect(peer.of('error')).toEqual([{ type: 'error', code: 'BAD_ID', ref: 1 }])
    await expect(world.server.get(['123456'])).rejects.toMatchObject({ code: 'BAD_ID' })
    expect((await world.open('sixsix', { watch: [] })).closed?.code).toBe(1011)
  })

  test('frameBytes: a byte more is closed with 1009', async () => {
    const world = await openStreet({ frameBytes: 8_192 })
    const [fits, exceeds] = [await world.open('alice'), await world.open('alice')]
    const pad = (bytes: number) => `{"type":"heartbeat","a":"${'x'.repeat(bytes - 27)}"}`
    await fits.say(pad(8_192))
    await exceeds.say(pad(8_193))
    expect([fits.closed, exceeds.closed]).toEqual([null, { code: 1009, reason: 'TOO_LARGE' }])
  })

  test('binary frames are closed with 1003', async () => {
    const world = await openStreet()
    const peer = await world.open('alice')
    await peer.say(new Uint8Array([1, 2, 3]))
    expect(peer.closed?.code).toBe(1003)
  })

  test('the third bad frame within a minute is closed with 4000; spread over minutes none is', async () => {
    const world = await openStreet()
    const quick = await world.open('alice')
    await quick.say('nonsense')
    await quick.say({ type: 'fetch', users: [''], ref: 1 })
    expect(quick.errorCodes()).toEqual(['BAD_MESSAGE', 'BAD_ID'])
    await quick.say(hello())
    expect(quick.closed).toEqual({ code: 4000, reason: 'BAD_MESSAGE' })

    const slow = await world.open('alice')
    for (let minute = 0; minute < 4; minute++) {
      await slow.say('nonsense')
      await slow.say('nonsense')
      await world.clock.advance(60_000)
    }
    expect(slow.closed).toBeNull()
  })

  test('framesPerSecond, frameBurst: more are dropped with RATE_LIMITED and a time; who goes on gets 4200', async () => {
    const world = await openStreet({ framesPerSecond: 10, frameBurst: 20 })
    const peer = await world.open('alice', { watch: [] })
    await world.clock.advance(2_500)
    for (let ref = 1; ref <= 25; ref++) peer.send({ type: 'fetch', users: ['alice'], ref })
    await world.clock.settle()
    expect(peer.of('snapshot').map(({ ref }) => ref)).toEqual(Array.from({ length: 20 }, (_, ref) => ref + 1))
    expect(peer.of('error').map(({ ref }) => ref)).toEqual([21, 22, 23, 24, 25])
    const { code, retryAfterMs = 0 } = peer.of('error')[0] ?? {}
    expect(code).toBe('RATE_LIMITED')
    await world.clock.advance(retryAfterMs)
    peer.clear()
    await peer.say({ type: 'fetch', users: ['alice'], ref: 26 })
    expect(peer.of('snapshot')).toHaveLength(1)
    await flood(world, peer, 300)
    expect(peer.closed).toEqual({ code: 4200, reason: 'RATE_LIMITED' })
  })

  test('S2: dropped frames are signs of life all the same', async () => {
    const world = createServerWorld({ limits: { framesPerSecond: 1, frameBurst: 600 } })
    const peer = await world.open('alice', { watch: [] })
    peer.answers = false
    await flood(world, peer, 600)
    peer.clear()
    for (let round = 0; round < 5; round++) {
      await world.clock.advance(40_000)
      await peer.say({ type: 'heartbeat' })
    }
    expect(peer.errorCodes()).toEqual(Array(5).fill('RATE_LIMITED'))
    expect(peer.closed).toBeNull()
  })

  test('framesPerSecond: 0 switches it off', async () => {
    const world = await openStreet({ framesPerSecond: 0 })
    const peer = await world.open('alice')
    await flood(world, peer, 2_000)
    expect([peer.closed, peer.errorCodes()]).toEqual([null, []])
  })
})

describe('what one client may hold', () => {
  const subscribe = (users: readonly string[], ref: number) => ({ type: 'subscribe', users, ref })

  test('subscriptions: LIMIT, and the request has changed nothing', async () => {
    const world = await openStreet({ subscriptions: 3 })
    const peer = await world.open('alice', { watch: [] })
    await peer.say(subscribe(['a', 'b'], 1))
    await peer.say(subscribe(['c', 'd'], 2))
    expect(peer.of('error')).toEqual([{ type: 'error', code: 'LIMIT', ref: 2 }])
    await peer.say(subscribe(['a', 'b', 'c'], 3))
    await peer.say({ type: 'unsubscribe', users: ['a'] })
    await peer.say(subscribe(['d'], 4))
    expect(peer.of('snapshot').map(({ ref }) => ref)).toEqual([1, 3, 4])
    await peer.say({ type: 'fetch', users: ['a', 'b', 'c', 'd'], ref: 5 })
    expect(peer.of('error').at(-1)).toEqual({ type: 'error', code: 'LIMIT', ref: 5 })
    expect(peer.closed).toBeNull()
  })

  test('a million requests to subscribe leave one subscription', async () => {
    const world = await openStreet({ framesPerSecond: 0, subscriptions: 1 })
    const peer = await world.open('alice', { watch: [] })
    for (let round = 0; round < 20; round++) {
      for (let ref = 0; ref < 100; ref++) peer.send(subscribe(['bob'], ref))
      await world.clock.settle()
    }
    // Of a hundred at once as many are answered as may wait; the others are to be sent again.
    expect(peer.of('snapshot')).toHaveLength(20 * 64)
    expect(peer.of('error').map(({ code, retryAfterMs }) => `${code} ${retryAfterMs}`)).toEqual(
      Array(20 * 36).fill('RATE_LIMITED 1000'),
    )
    expect(peer.closed).toBeNull()
  })

  describe('questions that wait', () => {
    const ids = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`)
    const openWaiting = async () => {
      const world = await openStreet({ framesPerSecond: 0, strangersPerDay: 0, frameBytes: 131_072 })
      const peer = await world.open('alice', { watch: [] })
      world.contacts.mode = 'hold'
      return { world, peer }
    }
    /** All are answered, and there is room again. */
    const expectRoom = async (world: ServerWorld, peer: Peer, answered: number) => {
      expect(peer.of('snapshot')).toEqual([])
      world.contacts.mode = 'open'
      world.contacts.release()
      await world.clock.advance(100)
      expect(peer.of('snapshot').filter(({ more }) => more !== true)).toHaveLength(answered)
      peer.clear()
      await peer.say({ type: 'fetch', users: ids(10_000), ref: 99 })
      await peer.say({ type: 'roster', watch: true, ref: 98 })
      expect(peer.of('error')).toEqual([])
    }
    const refused = (ref: number) => ({ type: 'error', code: 'RATE_LIMITED', ref, retryAfterMs: 1_000 })

    test('are 64 at the most', async () => {
      const { world, peer } = await openWaiting()
      for (let ref = 1; ref <= 65; ref++) peer.send({ type: 'fetch', users: ['bob'], ref })
      await world.clock.settle()
      expect(peer.of('error')).toEqual([refused(65)])
      await expectRoom(world, peer, 64)
    })

    test('are about 20,000 ids at the most', async () => {
      const { world, peer } = await openWaiting()
      for (const [ref, count] of [10_000, 9_999, 1, 1].entries())
        peer.send({ type: 'fetch', users: ids(count), ref })
      await world.clock.settle()
      expect(peer.of('error')).toEqual([refused(3)])
      await expectRoom(world, peer, 3)
    })

    test('are about the roster twice at the most', async () => {
      const { world, peer } = await openWaiting()
      for (const ref of [1, 2, 3]) peer.send({ type: 'roster', watch: true, ref })
      await world.clock.settle()
      expect(peer.of('error')).toEqual([refused(3)])
      await expectRoom(world, peer, 2)
    })
  })

  test('sessionsPerUser: the next one gets LIMIT; one that takes the place of another is let in', async () => {
    const world = await openStreet({ sessionsPerUser: 2 })
    const first = await world.open('alice', { watch: [] })
    await world.open('alice', { watch: [] })
    const third = await world.open('alice', { watch: [] })
    expect([third.errorCodes(), third.closed, third.of('self')]).toEqual([['LIMIT'], null, []])
    const renewed = await world.open('alice', { watch: [], previous: first.session })
    expect([renewed.errorCodes(), renewed.of('self').length]).toEqual([[], 1])
    expect((await world.open('bob', { watch: [] })).errorCodes()).toEqual([])
    await renewed.say(GOODBYE)
    await third.say({ type: 'PRESENCE_UPDATE', status: 'online' })
    expect(third.of('self')).toHaveLength(1)
  })

  test('who comes and goes without end while the storage hangs leaves 256 changes, and is let in again after it', async () => {
    const world = createServerWorld()
    world.storage.mode = 'hold'
    const visits: Peer[] = []
    for (let visit = 0; visit < 140; visit++) {
      const peer = await world.open('alice', { watch: [] })
      await peer.say(GOODBYE)
      visits.push(peer)
    }
    const refused = visits.filter((peer) => peer.errorCodes().includes('UNAVAILABLE'))
    expect(refused).toEqual(visits.slice(128))
    expect(new Set(visits.map(({ closed }) => closed?.code))).toEqual(new Set([1000]))
    world.storage.mode = 'open'
    world.storage.release()
    await world.clock.advance(2_000)
    const again = await world.open('alice', { watch: [] })
    expect([again.errorCodes(), again.of('self').length]).toEqual([[], 1])
    await again.say(GOODBYE)
    expect((await world.server.get(['alice']))[0]?.status).toBe('offline')
  })

  test('contacts, contactsTimeoutMs, changesPerMinute are proven where they act', () => {
    for (const name of ['contacts', 'contactsTimeoutMs', 'changesPerMinute'] as const) tested.add(name)
  })
})

describe('L6: slow readers', () => {
  const FRIENDS = 400
  const friends = Array.from({ length: FRIENDS }, (_, index) => `friend${index}`)
  const text = (round: number): string => `${round} ${'x'.repeat(100)}`

  async function openHall(limits: Partial<Limits>) {
    for (const name of Object.keys(limits)) tested.add(name as keyof Limits)
    const world = createServerWorld({
      book: {
        hub: friends,
        other: friends,
        ...Object.fromEntries(friends.map((id) => [id, ['hub', 'other']])),
      },
      limits: { framesPerSecond: 0, changesPerMinute: 0, ...limits },
    })
    const talkers: Peer[] = []
    for (const friend of friends) talkers.push(await world.open(friend, { watch: [] }))
    const hub = await world.open('hub')
    const healthy = await world.open('other')
    const talk = async (round: number): Promise<void> => {
      for (const talker of talkers)
        talker.send({ type: 'PRESENCE_UPDATE', status: 'busy', text: text(round) })
      // So much gathers for a tenth of a second.
      // As long as changes may wait for others.
      await world.clock.advance(150)
    }
    return { world, hub, healthy, talk }
  }

  test('queueSoftBytes: only the newest record of each user is kept, and the queue stays bounded', async () => {
    const { world, hub, healthy, talk } = await openHall({
      queueSoftBytes: 50_000,
      queueHardBytes: 1_000_000,
    })
    hub.clear()
    hub.link.stopReading('client')
    let most = 0
    for (let round = 1; round <= 30; round++) {
      await talk(round)
      most = Math.max(most, hub.link.server?.bufferedAmount ?? 0)
    }
    // One turn of all friends is about 70 kB: what came before the limit, and one turn on top.
    expect(most).toBeLessThan(50_000 + 100_000)
    expect(healthy.statusesOf('friend7').length).toBeGreaterThan(30)
    hub.link.heal()
    await world.clock.advance(300)
    expect(hub.closed).toBeNull()
    for (const friend of friends) {
      const told = hub.toldOf(friend)
      expect(told.at(-1)?.text).toBe(text(30))
      expect(told.length).toBeLessThan(6)
    }
  })

  test('queueHardBytes: the socket is terminated, and the neighbours notice nothing', async () => {
    const { world, hub, healthy, talk } = await openHall({ queueSoftBytes: 50_000, queueHardBytes: 50_000 })
    hub.link.stopReading('client')
    await talk(1)
    await talk(2)
    expect(hub.link.server?.readyState).toBe(3)
    expect(hub.closed?.code ?? 1006).toBe(1006)
    await talk(3)
    expect(healthy.closed).toBeNull()
    expect(healthy.toldOf('friend7').at(-1)?.text).toBe(text(3))
    expect(world.errors).toEqual([])
  })

  test('above the soft limit an unanswered heartbeat is enough', async () => {
    const { world, hub, healthy, talk } = await openHall({
      queueSoftBytes: 50_000,
      queueHardBytes: 1_000_000,
    })
    hub.link.stopReading('client')
    await talk(1)
    expect(hub.closed).toBeNull()
    // Nor do signs of life help, from who takes nothing.
    for (let time = 0; time < 22_500; time += 50) {
      hub.send({ type: 'heartbeat' })
      await world.clock.advance(50)
    }
    expect(hub.link.server?.readyState).toBe(3)
    expect(healthy.closed).toBeNull()
  })
})

test('strangersPerDay: one stranger more a day is refused, and contacts are answered', async () => {
  const world = await openStreet({ strangersPerDay: 2 })
  const alice = await world.open('alice', { watch: ['s1', 's2'] })
  await alice.say({ type: 'subscribe', users: ['s3'], ref: 2 })
  await alice.say({ type: 'fetch', users: ['s1', 'alice'], ref: 3 })
  expect(alice.errorCodes()).toEqual(['LIMIT'])
  expect(alice.of('snapshot').map(({ ref }) => ref)).toEqual([1, 3])
})

test('every limit that exists has been hit', () => {
  expect([...tested].sort()).toEqual(Object.keys(DEFAULT_LIMITS).sort())
})
