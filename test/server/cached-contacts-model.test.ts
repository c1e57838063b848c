/**
 * Random books that change, told of on one of the two sides or not at all, and questions at random times whose answers
 * come late and out of order: what is answered is what the book said at some instant since it was last told of, and not
 * longer ago than answers are kept.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HeldAnswer } from '../support/gate.ts'
import { type ContactsTestWorld, createContactsWorld, type Kind, KINDS } from './contacts-world.ts'

const TTL = 1_000
const USERS = ['a', 'b', 'c', 'd']

type Operation =
  | { readonly type: 'toggle'; readonly target: string; readonly viewer: string; readonly told: Told }
  | { readonly type: 'sees'; readonly viewer: string; readonly among: readonly string[] }
  | { readonly type: 'list' | 'roster'; readonly user: string }
  | { readonly type: 'answer'; readonly place: number; readonly fails: boolean }
  | { readonly type: 'mode'; readonly mode: 'open' | 'hold' }
  | { readonly type: 'flood'; readonly count: number }
  | { readonly type: 'wait'; readonly durationMs: number }
type Told = 'target' | 'viewer' | 'anybody' | 'nobody'

const anyUser = fc.constantFrom(...USERS)
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('toggle' as const),
      target: anyUser,
      viewer: anyUser,
      told: fc.constantFrom<Told[]>('target', 'viewer', 'target', 'viewer', 'anybody', 'nobody'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('sees' as const),
      viewer: anyUser,
      among: fc.subarray(USERS, { minLength: 1 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constantFrom('list' as const, 'roster' as const), user: anyUser }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('answer' as const),
      place: fc.nat(5),
      fails: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('mode' as const),
      mode: fc.constantFrom('open' as const, 'hold' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('flood' as const), count: fc.constantFrom(1, 20, 40, 10_100) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('wait' as const),
      durationMs: fc.constantFrom(1, TTL / 2, TTL, TTL + 1),
    }),
  },
)

/** What the book said, instant by instant, and since when what is asked has to be newer. */
function createHistory(world: ContactsTestWorld) {
  const instants: { readonly at: number; readonly pairs: ReadonlySet<string> }[] = []
  const told = new Map<string, number>()
  let toldOfAnybody = 0
  let toldLast = 0
  const note = (): void => {
    const pairs = [...world.book].flatMap(([target, viewers]) =>
      [...viewers].map((viewer) => `${target} ${viewer}`),
    )
    instants.push({ at: world.clock.now(), pairs: new Set(pairs) })
  }
  note()
  return {
    note,
    tell(user: string | null) {
      note()
      toldLast = instants.length - 1
      if (user === null) toldOfAnybody = toldLast
      else told.set(user, toldLast)
    },
    toldLast: () => toldLast,
    /** The first instant as of which an answer that is asked for now may be. */
    since(...users: readonly string[]): number {
      const oldest = instants.findIndex(({ at }) => at >= world.clock.now() - TTL)
      const kept = oldest < 0 ? instants.length - 1 : Math.max(0, oldest - 1)
      return Math.max(kept, toldOfAnybody, ...users.map((user) => told.get(user) ?? 0))
    },
    /** What was said of a pair since then. */
    said: (since: number, target: string, viewer: string) =>
      new Set(instants.slice(since).map(({ pairs }) => pairs.has(`${target} ${viewer}`))),
  }
}

/** Plays operations; gives what was answered wrongly, and how many answers there were. */
async function play(kind: Kind, operations: readonly Operation[]) {
  const world = createContactsWorld(kind, { ttlMs: TTL })
  const { gate, clock, contacts } = world
  contacts.onChange?.(() => {})
  const history = createHistory(world)
  const wrong: string[] = []
  const count = { answered: 0, failed: 0 }
  const open: Promise<void>[] = []
  const expectLater = (answer: Promise<readonly string[]>, check: (ids: readonly string[]) => void): void => {
    open.push(
      answer.then(
        (ids) => {
          count.answered++
          check(ids)
        },
        () => {
          count.failed++
        },
      ),
    )
  }
  const carryOut = (operation: Operation): void => {
    switch (operation.type) {
      case 'toggle': {
        const { target, viewer, told } = operation
        if (target === viewer) return
        world.link(target, viewer, world.book.get(target)?.has(viewer) !== true)
        history.note()
        if (told === 'nobody') return
        const user = told === 'anybody' ? null : told === 'target' ? target : viewer
        if (user === null) world.tell(user)
        else world.invalidate(user)
        history.tell(user)
        return
      }
      case 'sees': {
        const { viewer } = operation
        const among = operation.among.filter((id) => id !== viewer)
        const since = new Map(among.map((id) => [id, history.since(viewer, id)]))
        expectLater(world.sees(viewer, ...among), (ids) => {
          for (const [id, from] of since) {
            if (!history.said(from, id, viewer).has(ids.includes(id)))
              wrong.push(`${viewer} ${ids.includes(id) ? 'sees' : 'does not see'} ${id}`)
          }
        })
        return
      }
      case 'list': {
        const { user } = operation
        const since = new Map(USERS.map((id) => [id, history.since(user, id)]))
        expectLater(world.list(user), (ids) => {
          for (const [id, from] of since) {
            if (id !== user && !ids.includes(id) && !history.said(from, user, id).has(false))
              wrong.push(`${id} is missing from the list of ${user}`)
          }
        })
        return
      }
      case 'roster': {
        if (!kind.rosterOf) return
        const { user } = operation
        const since = Math.max(history.since(), history.toldLast())
        expectLater(world.roster(user), (ids) => {
          for (const id of USERS.filter((other) => other !== user))
            if (!history.said(since, id, user).has(ids.includes(id)))
              wrong.push(`${id} in the roster of ${user}: ${ids.includes(id)}`)
        })
        return
      }
      case 'answer': {
        const [held] = gate.held.splice(operation.place % Math.max(1, gate.held.length), 1)
        answer(held, operation.fails)
        return
      }
      case 'mode':
        gate.mode = operation.mode
        return
      case 'flood':
        for (let place = 0; place < operation.count; place++) world.invalidate(`stranger${place}`)
        history.note()
        return
      case 'wait':
        clock.run(operation.durationMs)
        history.note()
    }
  }
  gate.mode = 'hold'
  for (const operation of operations) {
    carryOut(operation)
    await jobs()
  }
  gate.mode = 'open'
  for (let held = gate.held.shift(); held; held = gate.held.shift()) {
    held.give()
    await jobs()
  }
  await Promise.all(open)
  return { wrong, asked: open.length, ...count }
}

function answer(held: HeldAnswer | undefined, fails: boolean): void {
  if (fails) held?.fail()
  else held?.give()
}

/** All promise jobs, however many follow from each other. */
async function jobs(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve))
}

describe.each(KINDS)('$name', (kind) => {
  test('S8: what is answered is what the book said since it was last told of', async () => {
    const total = { answered: 0, failed: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(anyOperation, { minLength: 5, maxLength: 60 }), async (operations) => {
        const { wrong, asked, answered, failed } = await play(kind, operations)
        expect(wrong).toEqual([])
        expect(answered + failed).toBe(asked)
        total.answered += answered
        total.failed += failed
      }),
      { numRuns: 700 },
    )
    expect(total.answered).toBeGreaterThan(2_000)
    expect(total.failed).toBeGreaterThan(50)
  })
})
