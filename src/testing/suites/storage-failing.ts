/** Failing: said so, in time, and nothing made up. */
import type { ReadReply, StorageAdapter, SwapReply } from '../../server/storage/contract.ts'
import { check, type Outcome, outcomesOf } from './assert.ts'
import { type Draft, draft, type Supports } from './case.ts'
import { recordOf, stampOf, write } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'

const REJECTS = 'A failing call MUST reject or throw; it MUST NOT answer with made-up records'
const SETTLES = 'Every call MUST settle'

const canBreak = ({ breakDown }: Supports): boolean => breakDown === true

export const failingCases: readonly Draft<StorageWorld>[] = [
  draft(
    8,
    REJECTS,
    async ({ connect, breakDown, until }) => {
      const storage = await connect()
      const calls = await callsOf(storage)
      await breakDown()
      for (const outcome of await outcomesOf(calls, until)) checkFailed(outcome)
    },
    { detail: 'where nothing reaches the storage', possible: canBreak },
  ),
  draft(
    8,
    REJECTS,
    async ({ connect, close, until }) => {
      const storage = await connect()
      const calls = await callsOf(storage)
      if (!storage.close) return
      await close(storage)
      for (const outcome of await outcomesOf(calls, until)) checkFailed(outcome)
    },
    { detail: 'after it was closed' },
  ),
  draft(9, SETTLES, async (world) => {
    const storage = await world.connect()
    await allSettle(world, await callsOf(storage))
  }),
  draft(
    9,
    SETTLES,
    async (world) => {
      const storage = await world.connect()
      const calls = await callsOf(storage)
      await world.breakDown()
      await allSettle(world, calls)
      await allSettle(world, [() => world.close(storage)])
    },
    { detail: 'where nothing reaches the storage', possible: canBreak },
  ),
]

/** A call of each kind, ready to be made. */
async function callsOf(storage: StorageAdapter): Promise<(() => unknown)[]> {
  const { epoch, version } = await write(storage, 'a', 1)
  const stamp = await stampOf(storage)
  const swap = { id: 'a', expected: { epoch, version }, version: 2, record: recordOf(2) }
  const { nodes } = storage
  const owner = { id: 's', user: 'a' }
  return [
    () => storage.read(['a', 'b']),
    () => storage.swap([swap], stamp),
    ...(nodes
      ? [
          () =>
            nodes.flush({ ...stamp, incarnation: 'n', first: true, leaseMs: 1_000, silent: [], gone: [] }),
          () => nodes.enlist('n', [owner], stamp),
          () => nodes.claim({ ...stamp, incarnation: 'n', by: 'm', leaseMs: 1_000 }),
          () => nodes.discharge('n', 'm', ['s'], stamp),
          () => nodes.release('n'),
        ]
      : []),
  ]
}

/** Parts of an answer may say that they failed; all of them have to here. */
function checkFailed(outcome: Outcome): void {
  if (outcome.status === 'rejected') return
  check(outcome.status === 'fulfilled', 'A call that cannot succeed has not settled')
  const { records, results } = (outcome.value ?? {}) as Partial<ReadReply & SwapReply>
  const hasFailed =
    records?.every((stored) => stored === null) ?? results?.every((result) => result === 'failed') ?? false
  check(hasFailed, `A call that cannot succeed was answered with ${JSON.stringify(outcome.value)}`)
}

async function allSettle(
  { until, settleMs }: StorageWorld,
  calls: readonly (() => unknown)[],
): Promise<void> {
  const outcomes = await outcomesOf(calls, until)
  const left = outcomes.filter(({ status }) => status === 'pending').length
  check(left === 0, `${left} of ${calls.length} calls had not settled after ${settleMs} ms`)
}
