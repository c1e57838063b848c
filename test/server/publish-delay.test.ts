/** Coming and going are published later: nobody can tell by the minute who is online together. */
import { expect, test } from 'vitest'
import { choice, createServerWorld, GOODBYE, GRACE, T } from '../support/server-world.ts'

const DELAY = 30_000
const createDelayedWorld = () => createServerWorld({ publishDelayMs: DELAY })

test('who comes is shown after at least half of the delay and at most all of it, and may ask at once', async () => {
  const world = createDelayedWorld()
  const bob = await world.open('bob')
  const alice = await world.open('alice')
  expect(alice.of('snapshot')).toHaveLength(1)
  expect(alice.of('self')).toEqual([{ type: 'self', status: 'offline', chosen: 'auto' }])
  await world.clock.advance(DELAY / 2 - 1)
  expect(bob.statusesOf('alice')).toEqual(['offline'])
  await world.clock.advance(DELAY / 2 + 200)
  expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  expect(alice.of('self').at(-1)).toMatchObject({ status: 'online' })
})

test('what is pushed, asked for and told to the application is of one mind', async () => {
  const world = createDelayedWorld()
  await world.open('bob')
  await world.open('alice')
  expect(await world.server.get(['alice'])).toMatchObject([{ status: 'offline', lastSeen: null }])
  expect(world.events).not.toContain('online alice online')
  await world.clock.advance(DELAY + 200)
  expect(await world.server.get(['alice'])).toMatchObject([{ status: 'online' }])
  expect(world.events).toContain('online alice online')
})

test('no two delays are alike', async () => {
  const users = Array.from({ length: 20 }, (_, index) => `user${index}`)
  const world = createServerWorld({
    publishDelayMs: DELAY,
    book: { watcher: users, ...Object.fromEntries(users.map((user) => [user, ['watcher']])) },
  })
  const watcher = await world.open('watcher')
  for (const user of users) await world.open(user, { watch: [] })
  const moments = new Set<number>()
  for (let at = 0; at <= DELAY + 1_000; at += 1_000) {
    const shown = users.filter((user) => watcher.statusesOf(user).at(-1) === 'online').length
    moments.add(shown)
    await world.clock.advance(1_000)
  }
  expect(moments.size).toBeGreaterThan(10)
})

test('who has gone before it shows has not been there, nor is their last seen moved', async () => {
  const world = createDelayedWorld()
  const bob = await world.open('bob')
  const alice = await world.open('alice')
  await alice.say(choice('busy'))
  await world.clock.advance(DELAY / 2 - 1)
  await alice.say(GOODBYE)
  await world.clock.advance(3 * DELAY)
  expect(bob.toldOf('alice')).toEqual([{ user: 'alice', status: 'offline' }])
  expect(await world.server.get(['alice'])).toMatchObject([{ status: 'offline', lastSeen: null }])
})

test('a goodbye is kept back, and a return within that time shows nothing', async () => {
  const world = createDelayedWorld()
  const bob = await world.open('bob')
  const alice = await world.open('alice')
  await world.clock.advance(DELAY + 200)
  const goodbyeAt = world.clock.time()
  await alice.say(GOODBYE)
  expect(alice.closed).toEqual({ code: 1000, reason: '' })
  await world.clock.advance(DELAY / 2 - 1)
  const again = await world.open('alice')
  await world.clock.advance(2 * DELAY)
  expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  await again.say(GOODBYE)
  const lastGoodbyeAt = world.clock.time()
  await world.clock.advance(DELAY + 200)
  expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
  expect(lastGoodbyeAt).toBeGreaterThan(goodbyeAt)
  expect(bob.toldOf('alice').at(-1)).toMatchObject({ reason: 'leave', lastSeen: lastGoodbyeAt })
})

test('a lost connection is kept back for the grace and the delay, and never beyond T', async () => {
  const world = createDelayedWorld()
  const bob = await world.open('bob')
  const alice = await world.open('alice')
  await world.clock.advance(DELAY + 200)
  alice.link.reset()
  await world.clock.advance(GRACE + DELAY / 2 - 1)
  expect(bob.statusesOf('alice').at(-1)).toBe('online')
  await world.clock.advance(T)
  expect(bob.statusesOf('alice').at(-1)).toBe('offline')
})

test('hiding, being thrown out and losing sight never wait', async () => {
  const world = createDelayedWorld()
  const bob = await world.open('bob')
  const alice = await world.open('alice')
  await world.clock.advance(DELAY + 200)
  await alice.say(choice('invisible'))
  expect(bob.statusesOf('alice').at(-1)).toBe('offline')
  await alice.say(choice('auto'))
  expect(bob.statusesOf('alice').at(-1)).toBe('online')
  await world.server.disconnectUser('alice')
  await world.clock.settle()
  expect(bob.statusesOf('alice').at(-1)).toBe('offline')
})

test('of a second device nothing shows, however often it comes and goes', async () => {
  const world = createDelayedWorld()
  const bob = await world.open('bob')
  await world.open('alice')
  await world.clock.advance(DELAY + 200)
  const phone = await world.open('alice')
  await phone.say(GOODBYE)
  await world.clock.advance(2 * DELAY)
  expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
})

test.each([[T], [-1], [Number.NaN]])('CONFIG: a delay of %s is none', (publishDelayMs) => {
  expect(() => createServerWorld({ publishDelayMs })).toThrow(/publishDelayMs/)
})
