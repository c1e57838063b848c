/** What leaves for the sockets: one frame a turn, the newest of each user, and nothing that is no news. */
import { expect, test } from 'vitest'
import { choice, createServerWorld, GOODBYE, type Peer } from '../support/server-world.ts'

const friends = Array.from({ length: 50 }, (_, index) => `friend${index}`)
const book = { hub: friends, ...Object.fromEntries(friends.map((friend) => [friend, ['hub']])) }

test('many changes that come together leave in one frame', async () => {
  const world = createServerWorld({ book })
  const hub = await world.open('hub')
  const peers: Peer[] = []
  for (const friend of friends) peers.push(await world.open(friend, { watch: [] }))
  hub.clear()
  world.storage.mode = 'hold'
  for (const peer of peers) await peer.say(choice('busy'))
  world.storage.mode = 'open'
  world.storage.release()
  await world.clock.settle()
  const frames = hub.of('PRESENCE_UPDATE')
  expect(frames).toHaveLength(1)
  expect(frames[0]?.users).toHaveLength(50)
})

test('the same record is the same text for everybody who gets it', async () => {
  const world = createServerWorld({ book: { alice: ['bob', 'carol'], bob: ['alice'], carol: ['alice'] } })
  const [bob, carol] = [await world.open('bob'), await world.open('carol', { watch: ['alice'] })]
  bob.clear()
  carol.clear()
  const alice = await world.open('alice', { watch: [] })
  await alice.say(choice('away', { text: 'a "quoted" \u{1f600}' }))
  await alice.say(GOODBYE)
  expect(bob.texts).toHaveLength(3)
  expect(carol.texts).toEqual(bob.texts)
})

test('S11: what comes back to what was told while the socket was full is not sent at all', async () => {
  const world = createServerWorld({ book, limits: { queueSoftBytes: 400, queueHardBytes: 1_000_000 } })
  const hub = await world.open('hub')
  const [one, two] = [await world.open('friend1', { watch: [] }), await world.open('friend2', { watch: [] })]
  await world.clock.settle()
  hub.link.stopReading('client')
  await two.say(choice('busy', { text: 'x'.repeat(140) }))
  await two.say(choice('busy', { text: 'y'.repeat(140) }))
  await two.say(choice('busy', { text: 'z'.repeat(140) }))
  hub.clear()
  await one.say(choice('away'))
  await one.say(choice('busy'))
  await one.say(choice('auto'))
  hub.link.heal()
  await world.clock.advance(500)
  expect(hub.statusesOf('friend1')).toEqual([])
  expect(hub.toldOf('friend2').at(-1)?.text).toBe('z'.repeat(140))
})

test('a refused frame carries its ref, one that has none carries none', async () => {
  const world = createServerWorld({ book, limits: { subscriptions: 1 } })
  const hub = await world.open('hub', { watch: [] })
  await hub.say({ type: 'subscribe', users: ['a', 'b'], ref: 0 })
  await hub.say('{"type":"unsubscribe","users":[""]}')
  expect(hub.texts.slice(-2)).toEqual([
    '{"type":"error","code":"LIMIT","ref":0}',
    '{"type":"error","code":"BAD_ID"}',
  ])
})
