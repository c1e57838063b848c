/** Swapping: compare and set, record by record. */
import type { SwapResult } from '../../server/storage/contract.ts'
import { check, same, together } from './assert.ts'
import { type Draft, draft } from './case.ts'
import { readAll, readOne, recordOf, stampOf, swapOne, write } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'

const ONLY_WHERE = '`swap` MUST replace a record only where epoch and version both equal the expected ones'
const ATOMIC = 'and each record in one atomic step'
const INDEPENDENT = 'Swaps of one call MAY succeed and fail independently'
const NO_CHANGE = 'A swap that finds something else MUST change nothing'
const GIVES_BACK = 'and MUST give back what stands there'

const ROUNDS = 10
const RACERS = 8

export const swapCases: readonly Draft<StorageWorld>[] = [
  draft(2, ONLY_WHERE, async ({ connect }) => {
    const storage = await connect()
    const first = await write(storage, 'a', 7)
    for (const expected of others(first)) {
      const result = await swapOne(storage, 'a', expected, 99)
      check(
        result !== 'done',
        `Version ${first.version} was replaced by a swap that expects ${expected.version}`,
      )
    }
    same(await swapOne(storage, 'a', first, 8), 'done', 'A swap that expects what stands there')
    same(await readOne(storage, 'a'), { ...first, version: 8, record: recordOf(8) }, 'What was swapped in')
  }),
  draft(2, ATOMIC, async ({ connect, supports }) => {
    const one = await connect()
    const other = supports.nodes ? await connect() : one
    let stored = await write(one, 'a', 1)
    for (let round = 0; round < ROUNDS; round++) {
      const racers = Array.from({ length: RACERS }, (_, index) => stored.version + 1 + index)
      const results = await together(
        racers.map((version) => () => swapOne(version % 2 ? one : other, 'a', stored, version)),
      )
      const winners = racers.filter((_, index) => results[index] === 'done')
      same(winners.length, 1, `How many of ${RACERS} swaps that expect the same are done`)
      stored = await readOne(one, 'a')
      same([stored.version], winners, 'What stands there after them')
    }
  }),
  draft(2, INDEPENDENT, async ({ connect }) => {
    const storage = await connect()
    const before = [await write(storage, 'a', 3), await write(storage, 'b', 3), await write(storage, 'c', 3)]
    const swaps = before.map((stored, index) => ({
      id: 'abc'.charAt(index),
      expected: { epoch: stored.epoch, version: index === 1 ? 2 : 3 },
      version: 4,
      record: recordOf(4),
    }))
    const again = swaps.map((swap) => ({ ...swap, version: 5, record: recordOf(5) }))
    const { results } = await storage.swap([...swaps, ...again], await stampOf(storage))
    same(results.length, 6, 'The number of results')
    check(results[1] !== 'done' && results[4] !== 'done', 'A swap was done that expects something else')
    const after = await readAll(storage, ['a', 'b', 'c'])
    for (const [index, stored] of after.entries()) {
      same(
        stored.version,
        versionAfter(results[index], results[index + 3]),
        'What stands there by the results',
      )
      same(stored.record, recordOf(stored.version), 'The record of that version')
    }
  }),
  draft(3, NO_CHANGE, async ({ connect }) => {
    const storage = await connect()
    const before = [await write(storage, 'a', 7), await readOne(storage, 'b')]
    for (const expected of others(before[0])) await swapOne(storage, 'a', expected, 99)
    await swapOne(storage, 'b', { epoch: before[0]?.epoch ?? 0, version: 3 }, 99)
    const after = await readAll(storage, ['a', 'b'])
    same(after[0], before[0], 'What stands there after swaps that expect something else')
    same(after[1]?.record, null, 'What was never written, after a swap that expects a version')
  }),
  draft(3, GIVES_BACK, async ({ connect }) => {
    const storage = await connect()
    const stored = await write(storage, 'a', 7)
    for (const expected of others(stored)) {
      same(
        await swapOne(storage, 'a', expected, 99),
        stored,
        'The answer to a swap that expects something else',
      )
    }
    const result = await swapOne(storage, 'b', { epoch: stored.epoch, version: 3 }, 99)
    same(result, await readOne(storage, 'b'), 'The answer to a swap where nothing stands')
  }),
]

/** Versions near one that are not it. */
function others({ epoch, version }: { epoch: number; version: number } = { epoch: 0, version: 0 }) {
  return [
    { epoch, version: 0 },
    { epoch, version: version - 1 },
    { epoch, version: version + 1 },
    { epoch: epoch + 1, version },
    { epoch: epoch - 1, version },
    { epoch: 0, version: 0 },
  ]
}

/** Of two swaps that expect the same in one call the second may be done only where the first was not. */
function versionAfter(first: SwapResult | undefined, second: SwapResult | undefined): number {
  check(first !== 'done' || second !== 'done', 'Two swaps were done that expect the same')
  if (first === 'done') return 4
  return second === 'done' ? 5 : 3
}
