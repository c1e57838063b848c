/** Lists that come page by page: what happens while they are on their way, and that nobody else waits for them. */
import { describe, expect, test } from 'vitest'
import { createLanes } from '../../src/server/contacts/lanes.ts'
import { inSteps } from '../../src/server/contacts/waiting.ts'
import { choice, createServerWorld, GOODBYE, type Peer, type ServerWorld } from '../support/server-world.ts'

const PAGE = 500
const friends = Array.from({ length: 2 * PAGE + 200 }, (_, index) => `friend${index}`)
const [FIRST, FRIEND, LAST] = ['friend7', 'friend1000', 'friend1100']
/** A loop that nobody has to wait for. */
const IDLE = { defer: () => expect.unreachable() }
const roster = (ref: number) => ({ type: 'roster', watch: true, ref })

/** A hub who knows many, and two of those, who are here. */
async function createHub(): Promise<{
  world: ServerWorld
  book: Map<string, readonly string[]>
  hub: Peer
  first: Peer
  last: Peer
}> {
  const book = new Map<string, readonly string[]>(friends.map((friend) => [friend, ['hub']]))
  book.set('hub', friends)
  const world = createServerWorld({ book, shape: { symmetric: true }, limits: { contacts: 0 } })
  const first = await world.open(FIRST, { watch: [] })
  const last = await world.open(LAST, { watch: [] })
  const hub = await world.open('hub', { watch: [] })
  return { world, book, hub, first, last }
}

/** Lets so many pages be read, and what is written meanwhile be written. */
async function readPages(world: ServerWorld, pages: number): Promise<void> {
  for (let page = 0; page < pages; page++) {
    world.storage.release()
    await world.clock.settle()
  }
}

async function readAll(world: ServerWorld): Promise<void> {
  world.storage.mode = 'open'
  await readPages(world, 10)
}

const shownBy = (peer: Peer) => peer.of('snapshot').flatMap(({ users }) => users.map(({ user }) => user))

describe('while a long list is on its way', () => {
  test('S3 S4: a page shows what holds when it is read, and what follows it comes as a change', async () => {
    const { world, hub, first, last } = await createHub()
    world.storage.mode = 'hold'
    await hub.say(roster(2))
    await readPages(world, 1)
    expect(shownBy(hub)).toHaveLength(PAGE)
    world.storage.mode = 'open'
    await first.say(choice('busy'))
    await last.say(choice('busy'))
    // Whose page has not come is not told of before it.
    expect(hub.statusesOf(FIRST)).toEqual(['online', 'busy'])
    expect(hub.statusesOf(LAST)).toEqual([])
    await readAll(world)
    expect(hub.statusesOf(LAST)).toEqual(['busy'])
    expect(shownBy(hub)).toEqual(friends)
    await last.say(GOODBYE)
    expect(hub.statusesOf(LAST)).toEqual(['busy', 'offline'])
  })

  test('S8: who is removed is seen no more, on a page that came and on one that is to come', async () => {
    const { world, book, hub, first, last } = await createHub()
    world.storage.mode = 'hold'
    await hub.say(roster(2))
    await readPages(world, 1)
    book.set(
      'hub',
      friends.filter((id) => id !== FIRST && id !== LAST),
    )
    for (const id of [FIRST, LAST]) book.set(id, [])
    await world.server.invalidateContacts('hub')
    await readAll(world)
    for (const peer of [first, last]) await peer.say(GOODBYE)
    expect(hub.statusesOf(FIRST)).toEqual(['online', 'unknown'])
    expect(new Set(hub.statusesOf(LAST))).toEqual(new Set(['unknown']))
  })

  test('S8: who is added is seen, though no page was to show them', async () => {
    const { world, book, hub } = await createHub()
    const fresh = await world.open('fresh', { watch: [] })
    world.storage.mode = 'hold'
    await hub.say(roster(2))
    await readPages(world, 1)
    book.set('hub', ['fresh', ...friends])
    book.set('fresh', ['hub'])
    await world.server.invalidateContacts('hub')
    await readAll(world)
    expect(new Set(shownBy(hub))).toEqual(new Set([...friends, 'fresh']))
    await fresh.say(GOODBYE)
    expect(hub.statusesOf('fresh')).toEqual(['online', 'offline'])
  })

  test('S3 S8: who comes into sight between the reading of a page and its showing stays in sight', async () => {
    const { world, book, hub, last } = await createHub()
    book.set(
      'hub',
      friends.filter((id) => id !== LAST),
    )
    book.set(LAST, [])
    await world.server.invalidateContacts('hub')
    world.storage.mode = 'hold'
    await hub.say({ type: 'subscribe', users: [...friends.slice(1, PAGE + 1), FRIEND, LAST], ref: 2 })
    await readPages(world, 1)
    // The second page, without the last one of it, has been read; what is to be seen of that one comes first.
    const page = world.storage.take('read')
    book.set('hub', friends)
    book.set(LAST, ['hub'])
    await world.server.invalidateContacts('hub')
    world.storage.take('read').give()
    await world.clock.settle()
    page.give()
    await readAll(world)
    expect(hub.statusesOf(LAST).at(-1)).toBe('online')
    await last.say(choice('busy'))
    expect(hub.statusesOf(LAST).at(-1)).toBe('busy')
  })

  test('S4: contacts that could not be found out hide all; when they answer again all is shown, page by page or not', async () => {
    const { world, hub } = await createHub()
    world.storage.mode = 'hold'
    await hub.say(roster(2))
    await readPages(world, 1)
    world.contacts.mode = 'reject'
    await world.server.invalidateContacts('hub')
    await world.clock.settle()
    expect(hub.statusesOf(FIRST)).toEqual(['online', 'unknown'])
    world.contacts.mode = 'open'
    await world.clock.advance(2_000)
    await readAll(world)
    expect(hub.statusesOf(FIRST).at(-1)).toBe('online')
    expect(hub.statusesOf(LAST).at(-1)).toBe('online')
  })

  test('a second session of the user sees all, and the first goes on', async () => {
    const { world, hub, last } = await createHub()
    world.storage.mode = 'hold'
    await hub.say(roster(2))
    await readPages(world, 1)
    world.storage.mode = 'open'
    const second = await world.open('hub', { watch: 'roster' })
    await readAll(world)
    expect(shownBy(second)).toEqual(friends)
    expect(shownBy(hub)).toEqual(friends)
    await last.say(GOODBYE)
    for (const peer of [hub, second]) expect(peer.statusesOf(LAST)).toEqual(['online', 'offline'])
  })

  test('L4: where a page cannot be read the question has failed, and the session watches nobody by it', async () => {
    const { world, hub, first } = await createHub()
    world.storage.mode = 'hold'
    await hub.say(roster(2))
    await readPages(world, 1)
    for (const answer of world.storage.held.splice(0)) answer.fail()
    await world.clock.settle()
    world.storage.mode = 'open'
    expect(hub.of('error')).toEqual([{ type: 'error', code: 'UNAVAILABLE', ref: 2 }])
    await first.say(choice('busy'))
    expect(hub.statusesOf(FIRST)).toEqual(['online'])
    await hub.say(roster(3))
    expect(shownBy(hub).slice(PAGE)).toEqual(friends)
  })

  test('who leaves their list is told of nobody of it any more', async () => {
    const { world, hub, first } = await createHub()
    world.storage.mode = 'hold'
    await hub.say(roster(2))
    await readPages(world, 1)
    await hub.say({ type: 'roster', watch: false })
    await readAll(world)
    await first.say(choice('busy'))
    expect(hub.statusesOf(FIRST)).toEqual(['online'])
  })
})

describe('nobody waits for a long list', () => {
  test('of many that are judged so much is done in a turn, and who began first is done first', async () => {
    const turns: (() => void)[] = []
    const inLane = createLanes(5, { defer: (callback) => turns.push(callback) })
    let done = 0
    let most = 0
    const ends: number[] = []
    const lists = Array.from({ length: 5 }, (_, list) =>
      Array.from({ length: 3_000 }, (__, place) => list * 3_000 + place),
    )
    const judgeAll = async (list: number[], index: number) => {
      const judged: number[] = []
      const judge = (item: number) => {
        done++
        judged.push(item)
      }
      await inLane((pace) => inSteps(list, judge, pace))
      ends[index] = done
      return judged
    }
    const results = Promise.all(lists.map(judgeAll))
    for (let before = 0; before < 15_000; ) {
      most = Math.max(most, done - before)
      before = done
      turns.shift()?.()
      await new Promise(setImmediate)
    }
    expect(await results).toEqual(lists)
    expect(most).toBeLessThanOrEqual(5 * 250 + 1_000)
    // Of the others little more than what each may do before it waits.
    ends.forEach((end, index) => {
      expect(end).toBeLessThanOrEqual((index + 1) * 3_000 + 5 * 250)
    })
  })

  test('nobody waits for the whole of a list that is very long', async () => {
    const turns: (() => void)[] = []
    const inLane = createLanes(2, { defer: (callback) => turns.push(callback) })
    let done = 0
    const judge = async (count: number) => {
      const judgeOne = () => {
        done++
      }
      await inLane((pace) => inSteps(Array.from({ length: count }), judgeOne, pace))
      return done
    }
    const ends = Promise.all([judge(100_000), judge(3_000)])
    while (done < 103_000) {
      turns.shift()?.()
      await new Promise(setImmediate)
    }
    const [, end] = await ends
    expect(end).toBeLessThanOrEqual(10_000 + 3_000 + 2 * 250)
  })

  test('so many are gone through at a time, the others in their order, also behind one that fails', async () => {
    const inLane = createLanes(2, IDLE)
    const ends: ((value: PromiseLike<void> | void) => void)[] = []
    const begun: number[] = []
    const lists = [0, 1, 2, 3, 4].map(async (list) =>
      inLane(() => {
        begun.push(list)
        return new Promise<void>((resolve) => {
          ends[list] = resolve
        })
      }),
    )
    await new Promise(setImmediate)
    expect(begun).toEqual([0, 1])
    ends[1]?.(Promise.reject(new Error('as a list may')))
    await expect(lists[1]).rejects.toThrow('as a list may')
    await new Promise(setImmediate)
    expect(begun).toEqual([0, 1, 2])
    ends[0]?.()
    ends[2]?.()
    await new Promise(setImmediate)
    expect(begun).toEqual([0, 1, 2, 3, 4])
    ends[3]?.()
    ends[4]?.()
    await Promise.allSettled(lists)
    // Where there is room, what is there at once is given at once.
    expect(inLane(() => 5)).toBe(5)
  })

  test('a short list is judged at once', () => {
    const inLane = createLanes(1, IDLE)
    const judged: number[] = []
    const judge = (item: number) => void judged.push(item)
    expect(inLane((pace) => inSteps([1, 2, 3], judge, pace))).toBeUndefined()
    expect(judged).toEqual([1, 2, 3])
  })
})
