/**
 * What long lists keep in memory while they are on their way: a thousand of 5,000 at once took 1.3 GB, and twice the time. Nothing
 * of it shows in what anybody is told, so each thing that it was won by is looked at by itself.
 */
import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/core/limits.ts'
import { resolveTiming } from '../../src/core/timing.ts'
import { createJudging } from '../../src/server/judging.ts'
import { createQuery, endQuery, startQuery } from '../../src/server/query.ts'
import { addConnection, userOf } from '../../src/server/registry.ts'
import { Sights } from '../../src/server/sights.ts'
import { shownBy } from '../../src/server/standing.ts'
import { createNode, type NodeConfig } from '../../src/server/state.ts'
import { watchByRoster } from '../../src/server/watch.ts'
import { createFakeClock } from '../../src/testing/index.ts'

const PAGE = 500
const friends = Array.from({ length: 2 * PAGE + 200 }, (_, index) => `friend${index}`)

/** A list that knows how often it was gone through. */
class List extends Set<string> {
  looks = 0
  override [Symbol.iterator]() {
    this.looks++
    return super[Symbol.iterator]()
  }
}

test('a list that waits in line is looked through once, and not copied until its turn comes', async () => {
  const clock = createFakeClock()
  const lists = Array.from({ length: 20 }, () => new List(friends))
  const contacts = { contactsOf: (user: string) => lists[Number(user)] ?? [], symmetric: true }
  const judging = createJudging({ contacts, privacy: undefined }, DEFAULT_LIMITS, clock)
  const judged = lists.map(async (_, index) => {
    const { sights } = await judging.sights({ viewer: String(index), among: null, counted: false })
    return sights.size
  })
  const [before = 0, ...others] = lists.map(({ looks }) => looks)
  expect(others.at(-1)).toBe(before - 1)
  await clock.settle()
  expect(await Promise.all(judged)).toEqual(lists.map(({ size }) => size))
  expect(new Set(lists.map(({ looks }) => looks))).toEqual(new Set([before]))
})

test('a question that is over lets go of its list, for it is older than what is collected often', () => {
  const node = openNode()
  const session = addConnection(node, { type: 'open', connection: 1, session: 's', identity: null }, 0)
  const query = createQuery({ kind: 'roster', session, viewer: 'hub', ref: 1, ids: friends })
  query.sights = seeAll()
  startQuery(session, query)
  expect(endQuery(session, query)).toBe(true)
  expect([query.ids.length, query.sights.size]).toEqual([0, 0])
})

test('all who were never seen share one view: most of a long list', () => {
  const node = openNode()
  const [one, other] = [1, 2].map((epoch) => shownBy(node, { epoch, record: null }, 5, 5))
  expect(one).toBe(other)
  expect(one).toMatchObject({ status: 'offline', lastSeen: null })
})

test('the table of who is on a long list is laid out once, and not once a page', () => {
  const node = openNode()
  const hub = userOf(node, 'hub', 0)
  const sights = seeAll()
  const tables = new Set<Uint32Array>()
  for (let from = 0; from < friends.length; from += PAGE) {
    watchByRoster(node, hub, sights, friends.slice(from, from + PAGE), from)
    tables.add(hub.viewers.slots)
  }
  expect(hub.viewers.listed).toBe(friends.length)
  expect(tables.size).toBe(1)
})

function openNode() {
  const timing = resolveTiming({}, 0)
  const config = { timing, limits: DEFAULT_LIMITS, address: 'node', writer: 0, shared: false } as NodeConfig
  return createNode(config, 0, 0)
}

function seeAll(): Sights {
  return new Sights(friends.map((friend) => [friend, 'exact']))
}
