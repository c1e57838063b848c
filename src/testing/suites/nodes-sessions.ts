/** Sessions come onto an entry; and every call that comes late changes nothing. */
import type { Stamp } from '../../server/storage/contract.ts'
import { check, same } from './assert.ts'
import { type Draft, draft } from './case.ts'
import { LONG_MS, makeDeadEntry, nodesOf, openDirectory, ownerOf, sessionsOf } from './nodes-tools.ts'
import { timeOf } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'

const ADDS = '`enlist` MUST add sessions to the entry, again and again without harm'
const LOST = 'and MUST change nothing and say `lost` where the entry is missing or was claimed'
const LATE =
  "Every call MUST change nothing and say `late` where the storage's time is further from `sentAt` than `toleranceMs`"
const NO_STAMP = '`release` needs no stamp'

const TOLERANCE_MS = 5_000
const MANY = 2_500

export const sessionCases: readonly Draft<StorageWorld>[] = [
  draft(4, ADDS, async (world) => {
    const directory = await openDirectory(world)
    await directory.flush('n', { first: true })
    for (const sessions of [['a', 'b'], ['b', 'c'], ['a', 'b', 'c'], []]) {
      same((await directory.enlist('n', ...sessions)).outcome, 'done', 'To enlist sessions')
    }
    same((await directory.flush('n')).sessions, 3, 'The sessions that were enlisted again and again')
    await directory.release('n')
    const owners = ['a', 'b', 'c'].map((id) => ({ ...ownerOf(id), lastLifeAt: null }))
    same(sessionsOf(await directory.claim('n', 'm')), owners, 'The sessions and whose they are')
  }),
  draft(
    4,
    ADDS,
    async (world) => {
      const directory = await openDirectory(world)
      const ids = Array.from({ length: MANY }, (_, index) => `s${index}`)
      await directory.flush('n', { first: true })
      await directory.enlist('n', ...ids)
      const silent = ids.map((id, ageMs) => ({ id, ageMs }))
      same((await directory.flush('n', { silent })).sessions, MANY, 'The sessions of a large node')
      await directory.release('n')
      const { flushedAt, sessions } = await directory.claim('n', 'm')
      const lifeById = new Map(sessions.map(({ id, lastLifeAt }) => [id, lastLifeAt]))
      same(
        ids.filter((id, ageMs) => lifeById.get(id) !== flushedAt - ageMs),
        [],
        'The sessions that came out changed',
      )
      same((await directory.discharge('n', 'm', ...ids)).outcome, 'done', 'To discharge all of them')
      same((await directory.claim('n', 'm')).outcome, 'gone', 'A claim after that')
    },
    { detail: `${MANY} of them` },
  ),
  draft(4, LOST, async (world) => {
    const directory = await openDirectory(world)
    same((await directory.enlist('n', 'a')).outcome, 'lost', 'To enlist where the entry is missing')
    same((await directory.claim('n', 'm')).outcome, 'gone', 'A claim of what must not have been made')
    await makeDeadEntry(directory, 'n', 'a')
    await directory.claim('n', 'm')
    same((await directory.enlist('n', 'b')).outcome, 'lost', 'To enlist where the entry is claimed')
    same((await directory.claim('n', 'm')).sessions.length, 1, 'The sessions after that')
  }),
  ...[-1, 1].map((sign) =>
    draft<StorageWorld>(
      8,
      LATE,
      async (world) => {
        const directory = await openDirectory(world)
        const late = async (): Promise<Stamp> => ({
          sentAt: (await timeOf(directory.storage)) + sign * 3 * TOLERANCE_MS,
          toleranceMs: TOLERANCE_MS,
        })
        const nodes = nodesOf(directory.storage)
        same(
          (await directory.flush('new', { first: true, ...(await late()) })).outcome,
          'late',
          'A first flush',
        )
        same(
          (await directory.claim('new', 'm')).outcome,
          'gone',
          'A claim of what a late flush must not have made',
        )
        await directory.flush('n', { first: true })
        await directory.enlist('n', 'a', 'b')
        const flush = await directory.flush('n', { gone: ['a'], leaseMs: 0, ...(await late()) })
        same(flush.outcome, 'late', 'A flush')
        same((await nodes.enlist('n', [ownerOf('c')], await late())).outcome, 'late', 'To enlist')
        same((await directory.claim('n', 'm')).outcome, 'alive', 'A claim after a late flush of no lease')
        await directory.release('n')
        same((await directory.claim('n', 'm', await late())).outcome, 'late', 'A claim')
        same((await directory.flush('n', { leaseMs: LONG_MS })).outcome, 'kept', 'A flush after a late claim')
        await directory.release('n')
        same((await directory.claim('n', 'k')).outcome, 'claimed', 'A claim after late ones')
        same((await nodes.discharge('n', 'k', ['a', 'b'], await late())).outcome, 'late', 'A discharge')
        const left = sessionsOf(await directory.claim('n', 'k'))
        same(
          left.map(({ id }) => id),
          ['a', 'b'],
          'The sessions after calls that came late',
        )
      },
      { detail: sign < 0 ? 'calls that were held up' : 'calls from a clock that is ahead' },
    ),
  ),
  draft(8, NO_STAMP, async (world) => {
    const directory = await openDirectory(world)
    await directory.flush('n', { first: true })
    await directory.release('n')
    const { outcome } = await directory.claim('n', 'm')
    check(
      outcome === 'claimed',
      `After a release, which has no stamp, a claim should succeed, but is ${outcome}`,
    )
  }),
]
