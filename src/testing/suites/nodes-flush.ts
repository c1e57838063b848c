/** Flushing: lease, instant, silent sessions, those gone; lost to who was claimed. */
import { check, same, together } from './assert.ts'
import { type Draft, draft } from './case.ts'
import {
  isListed,
  LONG_MS,
  makeDeadEntry,
  nodesOf,
  openDirectory,
  ownerOf,
  sessionsOf,
  SHORT_MS,
} from './nodes-tools.ts'
import { stampOf, timeOf } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'

const EXTENDS = '`flush` MUST extend the lease to `now + leaseMs`'
const NOTES = 'note `min(now, sentAt)` as the instant of the flush'
const TELLS_BEFORE = 'and tell that of the one before'
const SILENT = 'replace the silent sessions by those given'
const GONE = 'and take those `gone` off the entry'
const ATOMIC = 'in one atomic step'
const LOST =
  '`flush` without `first` MUST change nothing and say `lost` where the entry is missing or was ever claimed'
const FIRST = 'With `first` it makes the entry; sent again it MUST do no harm'
const LISTED = 'An incarnation MUST be listed before its entry is made, and until after its entry is gone'
const LISTS_AGAIN = 'every flush lists it again'

const ROUNDS = 10
const AGE_MS = 3_000

export const flushCases: readonly Draft<StorageWorld>[] = [
  draft(1, EXTENDS, async (world) => {
    const [one, other] = [await openDirectory(world), await openDirectory(world)]
    for (const [first, leaseMs] of [
      [true, 5_000] as const,
      [false, LONG_MS] as const,
      [false, 9_000] as const,
    ]) {
      const { now, outcome, nodes } = await one.flush('n', { first, leaseMs })
      same(outcome, 'kept', 'The outcome of a flush')
      same(nodes, [{ incarnation: 'n', leaseUntil: now + leaseMs }], 'The list of nodes')
      const seen = (await other.flush('m', { first: true })).nodes.find(
        ({ incarnation }) => incarnation === 'n',
      )
      same(seen?.leaseUntil, now + leaseMs, 'The lease as another node sees it')
      await makeGone(other)
    }
  }),
  draft(
    1,
    EXTENDS,
    async (world) => {
      const directory = await openDirectory(world)
      await directory.flush('n', { first: true, leaseMs: SHORT_MS })
      await world.advance(2 * SHORT_MS)
      same(
        (await directory.flush('n')).outcome,
        'kept',
        'A flush after the lease has lapsed, where nobody claimed',
      )
      same((await directory.claim('n', 'm')).outcome, 'alive', 'A claim while the lease runs again')
    },
    { detail: 'also one that has lapsed, while nobody has claimed it' },
  ),
  ...[-AGE_MS, AGE_MS].map((offsetMs) =>
    draft<StorageWorld>(
      1,
      NOTES,
      async (world) => {
        const directory = await openDirectory(world)
        await directory.flush('n', { first: true })
        const sentAt = (await timeOf(directory.storage)) + offsetMs
        const { now } = await directory.flush('n', { sentAt })
        await directory.release('n')
        const { flushedAt } = await directory.claim('n', 'm')
        same(flushedAt, Math.min(now, sentAt), 'The instant of the flush')
      },
      { detail: offsetMs < 0 ? 'of one that took its time' : 'of one from a clock that is ahead' },
    ),
  ),
  draft(1, TELLS_BEFORE, async (world) => {
    const directory = await openDirectory(world)
    same((await directory.flush('n', { first: true })).flushedBefore, 0, 'The instant before the first flush')
    const sentAt = await timeOf(directory.storage)
    const { now } = await directory.flush('n', { sentAt })
    const { flushedBefore } = await directory.flush('n')
    same(flushedBefore, Math.min(now, sentAt), 'The instant of the flush before')
    await world.advance(SHORT_MS)
    const { outcome } = await directory.flush('n', { sentAt: 0 })
    same(outcome, 'late', 'A flush that comes late')
    const next = await directory.flush('n')
    check(next.flushedBefore >= flushedBefore, 'A flush that was late should not count')
  }),
  draft(1, SILENT, async (world) => {
    const directory = await openDirectory(world)
    await directory.flush('n', { first: true })
    await directory.enlist('n', 'a', 'b', 'c')
    await directory.flush('n', { silent: [{ id: 'a', ageMs: 1_000 }] })
    const silent = [
      { id: 'b', ageMs: AGE_MS },
      { id: 'c', ageMs: 0 },
    ]
    await directory.flush('n', { silent })
    await directory.release('n')
    const claim = await directory.claim('n', 'm')
    same(
      sessionsOf(claim).map(({ lastLifeAt }) => lastLifeAt),
      [null, claim.flushedAt - AGE_MS, claim.flushedAt],
      'The last signs of life of a session that is silent no more, of one that is, and of one since just now',
    )
  }),
  draft(1, GONE, async (world) => {
    const directory = await openDirectory(world)
    await directory.flush('n', { first: true })
    await directory.enlist('n', 'a', 'b', 'c')
    same((await directory.flush('n')).sessions, 3, 'The sessions in the entry')
    same(
      (await directory.flush('n', { gone: ['a', 'c', 'never there'] })).sessions,
      1,
      'Those left by two that are gone',
    )
    await directory.release('n')
    const left = sessionsOf(await directory.claim('n', 'm'))
    same(left, [{ ...ownerOf('b'), lastLifeAt: null }], 'The sessions that are left to whoever claims')
  }),
  draft(1, ATOMIC, async (world) => {
    const [one, other] = [await openDirectory(world), await openDirectory(world)]
    for (let round = 0; round < ROUNDS; round++) {
      const incarnation = `n${round}`
      await makeDeadEntry(one, incarnation)
      const [flushed, claimed] = await together<{ outcome: string }>([
        () => one.flush(incarnation),
        () => other.claim(incarnation, 'm'),
      ])
      const outcomes = [flushed?.outcome, claimed?.outcome].join(', ')
      const isOneOfThem = outcomes === 'kept, alive' || outcomes === 'lost, claimed'
      check(isOneOfThem, `A flush and a claim at once should be told apart, but are: ${outcomes}`)
    }
  }),
  draft(2, LOST, async (world) => {
    const directory = await openDirectory(world)
    same((await directory.flush('n')).outcome, 'lost', 'A flush of what is missing')
    same((await directory.claim('n', 'm')).outcome, 'gone', 'A claim of what a lost flush must not have made')
    await makeDeadEntry(directory, 'n', 'a', 'b')
    await directory.claim('n', 'm', { leaseMs: SHORT_MS })
    same((await directory.flush('n', { gone: ['a'] })).outcome, 'lost', 'A flush of what is claimed')
    await world.advance(2 * SHORT_MS)
    same((await directory.flush('n', { gone: ['b'] })).outcome, 'lost', 'A flush of what was claimed once')
    const { outcome, sessions } = await directory.claim('n', 'k')
    same(outcome, 'claimed', 'A claim after the one before has lapsed')
    same(sessions.length, 2, 'The sessions after flushes that were lost')
  }),
  draft(2, FIRST, async (world) => {
    const directory = await openDirectory(world)
    same((await directory.flush('n', { first: true })).outcome, 'kept', 'A first flush')
    await directory.enlist('n', 'a')
    const again = await directory.flush('n', { first: true })
    same([again.outcome, again.sessions], ['kept', 1], 'A first flush that is sent again')
    await directory.release('n')
    await directory.claim('n', 'm')
    await directory.flush('n', { first: true })
    same((await directory.claim('n', 'k')).outcome, 'taken', 'A claim after a first flush that came twice')
    same((await directory.discharge('n', 'm', 'a')).outcome, 'done', 'What the claimant does after it')
  }),
  draft(3, LISTED, async (world) => {
    const [one, other] = [await openDirectory(world), await openDirectory(world)]
    check(isListed(await one.flush('n', { first: true }), 'n'), 'A node that has flushed should be listed')
    await one.enlist('n', 'a')
    check(isListed(await other.flush('m', { first: true }), 'n'), 'A node should be listed for others')
    await one.release('n')
    check(
      isListed(await other.flush('m'), 'n'),
      'A node that gave up its lease should be listed while it has an entry',
    )
    await other.claim('n', 'm')
    check(
      isListed(await other.flush('m'), 'n'),
      'A node that was claimed should be listed while it has an entry',
    )
    await other.discharge('n', 'm', 'a')
    check(!isListed(await other.flush('m'), 'n'), 'A node whose entry is gone should not be listed')
  }),
  draft(3, LISTS_AGAIN, async (world) => {
    const directory = await openDirectory(world)
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`)
    await together(names.map((name) => () => directory.flush(name, { first: true })))
    for (const name of names) {
      const reply = await directory.flush(name)
      same(reply.nodes.map(({ incarnation }) => incarnation).sort(), [...names].sort(), 'The list of nodes')
    }
  }),
]

/** Takes the entry of a helper away again, so that the list holds one node. */
async function makeGone(directory: Awaited<ReturnType<typeof openDirectory>>): Promise<void> {
  await directory.release('m')
  await directory.claim('m', 'helper')
  const nodes = nodesOf(directory.storage)
  same(
    (await nodes.discharge('m', 'helper', [], await stampOf(directory.storage))).outcome,
    'done',
    'To discharge',
  )
}
