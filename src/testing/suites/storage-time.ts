/** Time: one clock for all nodes, and what is too far from it changes nothing. */
import { check, same } from './assert.ts'
import { type Draft, draft } from './case.ts'
import { readOne, recordOf, timeOf, write } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'

const NOW = '`now` MUST be the time at which the call was carried out, of one clock for all nodes'
const LATE =
  'A swap whose `sentAt` is further from that time than `toleranceMs` MUST change nothing and be answered `late`'

const STEP_MS = 100
/** Timers fire a little early and clocks tell whole milliseconds. */
const GRAIN_MS = 2
const TOLERANCE_MS = 5_000

export const timeCases: readonly Draft<StorageWorld>[] = [
  draft(10, NOW, async ({ connect, advance, supports }) => {
    const one = await connect()
    const other = supports.nodes ? await connect() : one
    let before = await timeOf(one)
    for (const storage of [other, one, other]) {
      await advance(STEP_MS)
      const now = await timeOf(storage)
      check(now >= before + STEP_MS - GRAIN_MS, `${STEP_MS} ms after ${before} the time is ${now}`)
      const { now: readAt } = await storage.read(['a'])
      check(readAt === undefined || readAt >= now - GRAIN_MS, `A read after ${now} was at ${String(readAt)}`)
      before = Math.max(now, readAt ?? now)
    }
  }),
  ...[-1, 1].map((sign) =>
    draft<StorageWorld>(
      11,
      LATE,
      async ({ connect }) => {
        const storage = await connect()
        const { epoch } = await write(storage, 'a', 1)
        const sentAt = (await timeOf(storage)) + sign * 3 * TOLERANCE_MS
        const swap = { expected: { epoch, version: 1 }, version: 2, record: recordOf(2) }
        const swaps = [
          { ...swap, id: 'a' },
          { ...swap, id: 'b', expected: { epoch, version: 0 } },
          { ...swap, id: 'a', expected: { epoch, version: 99 } },
        ]
        const { results } = await storage.swap(swaps, { sentAt, toleranceMs: TOLERANCE_MS })
        same(results, ['late', 'late', 'late'], 'The answer to swaps that are far from the storage’s time')
        same((await readOne(storage, 'a')).version, 1, 'What stands there after a swap that was late')
        same((await readOne(storage, 'b')).record, null, 'What was never written, after a swap that was late')
      },
      { detail: sign < 0 ? 'one that was held up' : 'one from a clock that is ahead' },
    ),
  ),
  draft(
    11,
    LATE,
    async ({ connect }) => {
      const storage = await connect()
      const { epoch } = await write(storage, 'a', 1)
      const now = await timeOf(storage)
      for (const [index, sentAt] of [now, now - TOLERANCE_MS, now + TOLERANCE_MS].entries()) {
        const version = index + 2
        const swap = {
          id: 'a',
          expected: { epoch, version: version - 1 },
          version,
          record: recordOf(version),
        }
        const { results } = await storage.swap([swap], { sentAt, toleranceMs: 3 * TOLERANCE_MS })
        same(results, ['done'], 'The answer to a swap within its tolerance')
      }
    },
    { detail: 'and what is within it is carried out' },
  ),
]
