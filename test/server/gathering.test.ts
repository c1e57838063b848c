/** How long changes gather: not at all while little is told, a tenth of a second where much is. */
import { expect, test } from 'vitest'
import { createGathering, gatheredAt, takeGathered, waitForMore } from '../../src/server/gathering.ts'
import type { Session } from '../../src/server/entities.ts'
import { choice, createServerWorld, type Peer } from '../support/server-world.ts'

const TALKERS = 400
const WAIT_MS = 110
/** For so long changes wait for others before they are written. */
const TURN_MS = 25
/** Who changes twice while a frame gathers is not back where they were: that would be no news. */
const STATUSES = ['away', 'busy', 'auto'] as const
/** What ends a wait is looked at once in a few milliseconds. */
const SLACK_MS = 12
const talkers = Array.from({ length: TALKERS }, (_, index) => `talker${index}`)
const listeners = Array.from({ length: 10 }, (_, index) => `listener${index}`)
const book = {
  ...Object.fromEntries(listeners.map((id) => [id, talkers])),
  ...Object.fromEntries(talkers.map((id) => [id, listeners])),
}

async function openStreet() {
  const world = createServerWorld({ book, limits: { changesPerMinute: 0, framesPerSecond: 0 } })
  const talking: Peer[] = []
  for (const id of talkers) talking.push(await world.open(id, { watch: [] }))
  const listening: Peer[] = []
  for (const id of listeners) listening.push(await world.open(id))
  await world.clock.advance(1_000)
  const listener = listening[0] as Peer
  let turn = 0
  /** So many of the talkers change; all of them within a tenth of a second. */
  const talk = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const status = STATUSES[Math.floor(turn++ / TALKERS) % STATUSES.length] ?? 'auto'
      talking[turn % TALKERS]?.send(choice(status))
      if (index % 10 === 9) await world.clock.advance((10 * WAIT_MS) / TALKERS)
    }
  }
  /** 400 changes in 100 ms, ten watchers each: 40,000 a second. */
  const makeBusy = async (): Promise<void> => {
    await talk(TALKERS)
    await talk(TALKERS)
  }
  return { world, talking, listener, talk, makeBusy }
}

test('a lone change on an idle server leaves at once', async () => {
  const { world, talking, listener } = await openStreet()
  listener.clear()
  await talking[0]?.say(choice('busy'))
  expect(listener.statusesOf('talker0')).toEqual(['busy'])
  expect(world.errors).toEqual([])
})

test('where much is told a watcher gets a frame in a tenth of a second, and in it all that has gathered', async () => {
  const { listener, talk, makeBusy } = await openStreet()
  await makeBusy()
  listener.clear()
  for (let round = 0; round < 5; round++) await talk(TALKERS)
  const frames = listener.of('PRESENCE_UPDATE')
  expect(frames.length).toBeLessThanOrEqual(5)
  expect(frames.length).toBeGreaterThanOrEqual(4)
  const told = frames.reduce((sum, { users }) => sum + users.length, 0)
  expect(told).toBeGreaterThan(4 * TALKERS - TALKERS)
})

test('what is told in the moment in which a wait ends goes with the rest', async () => {
  const { world, listener, talk, makeBusy } = await openStreet()
  await makeBusy()
  listener.clear()
  while (listener.texts.length === 0) await talk(10)
  await world.clock.advance(2 * WAIT_MS)
  expect(listener.texts).toHaveLength(1)
})

test('S4: nothing is lost by it, and the last change is there after the wait', async () => {
  const { world, talking, listener, makeBusy } = await openStreet()
  await makeBusy()
  await world.clock.advance(1)
  const { length } = listener.texts
  for (const peer of talking) peer.send(choice('away'))
  await world.clock.settle()
  expect(listener.texts).toHaveLength(length)
  await world.clock.advance(TURN_MS + WAIT_MS + SLACK_MS)
  for (const id of talkers) expect(listener.statusesOf(id).at(-1)).toBe('away')
})

test('S3: what is asked for meanwhile is answered at once, and does not step back behind what waits', async () => {
  const { world, talking, listener, makeBusy } = await openStreet()
  await makeBusy()
  listener.clear()
  talking[7]?.send(choice('away'))
  await world.clock.advance(TURN_MS)
  await listener.say({ type: 'fetch', users: ['talker7'], ref: 77 })
  const { length } = listener.statusesOf('talker7')
  expect(listener.statusesOf('talker7').at(-1)).toBe('away')
  await world.clock.advance(2 * WAIT_MS)
  for (const status of listener.statusesOf('talker7').slice(length)) expect(status).toBe('away')
})

test('S8: hiding does not wait, however much is told', async () => {
  const own = new Map<string, string[]>(Object.entries(book))
  const world = createServerWorld({ book: own, limits: { changesPerMinute: 0, framesPerSecond: 0 } })
  const talking: Peer[] = []
  for (const id of talkers) talking.push(await world.open(id, { watch: [] }))
  const listener = await world.open('listener0')
  for (const id of listeners.slice(1)) await world.open(id)
  for (let round = 0; round < 20; round++) {
    for (const peer of talking) peer.send(choice(round % 2 === 0 ? 'busy' : 'auto'))
    await world.clock.advance(10)
  }
  await world.clock.advance(1)
  listener.clear()
  talking[1]?.send(choice('away'))
  await world.clock.settle()
  expect(listener.texts).toEqual([])
  own.set('talker0', [])
  void world.server.invalidateContacts('talker0')
  await world.clock.settle()
  expect(listener.statusesOf('talker0').at(-1)).toBe('unknown')
})

test('the wait is over as soon as little is told again', async () => {
  const { world, talking, listener, makeBusy } = await openStreet()
  await makeBusy()
  await world.clock.advance(1_000)
  await talking[0]?.say(choice('away'))
  await world.clock.advance(1_000)
  listener.clear()
  await talking[1]?.say(choice('away'))
  expect(listener.statusesOf('talker1')).toEqual(['away'])
})

test('however many sessions wait, nobody is taken before they are due, then all, and no step is long', () => {
  const gathering = createGathering(0)
  const sessions = Array.from({ length: 300_000 }, (_, id) => ({ id: String(id) }) as Session)
  for (const session of sessions) waitForMore(gathering, session, WAIT_MS, 0)
  waitForMore(gathering, sessions[0] as Session, WAIT_MS, 50)
  const dueAt = gatheredAt(gathering)
  expect(Math.abs(dueAt - WAIT_MS)).toBeLessThan(TURN_MS / 2)
  expect(takeGathered(gathering, dueAt - 1)).toHaveLength(0)
  const taken = new Set<Session>()
  while (gatheredAt(gathering) === dueAt) {
    const some = takeGathered(gathering, dueAt)
    expect(some.length).toBeLessThanOrEqual(1_000)
    for (const session of some) taken.add(session)
  }
  expect(taken.size).toBe(sessions.length)
  expect(takeGathered(gathering, 50 + WAIT_MS)).toHaveLength(1)
  expect(gatheredAt(gathering)).toBe(Number.POSITIVE_INFINITY)
})

test('what a session is told of itself leaves at once, or with the changes that wait for it already', async () => {
  const { world, listener, talk, makeBusy } = await openStreet()
  await makeBusy()
  await world.clock.advance(2 * WAIT_MS)
  listener.clear()
  await listener.say(choice('away'))
  await world.clock.advance(TURN_MS)
  expect(listener.of('self')).toHaveLength(1)
  await talk(TALKERS)
  await world.clock.advance(1)
  listener.clear()
  await listener.say(choice('busy'))
  await world.clock.advance(TURN_MS)
  expect(listener.texts).toEqual([])
  await world.clock.advance(WAIT_MS + SLACK_MS)
  expect(listener.of('self')).toHaveLength(1)
  expect(listener.of('PRESENCE_UPDATE')).toHaveLength(1)
})
