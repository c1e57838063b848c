/** Reading: every id, in order, and what was written last. */
import type { UserRecord } from '../../core/record.ts'
import { check, same } from './assert.ts'
import { type Draft, draft } from './case.ts'
import { readAll, readOne, recordOf, swapOne, write } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'

const IN_ORDER = '`read` MUST answer for every id, in the order asked'
const SHOWS = 'MUST show every swap that was answered before it was called'
const MISSING = 'An id that was never written MUST read as version 0 with `record: null`'

/** More than one part of a storage that is cut in parts, more than one page of one that pages. */
const MANY = 1_000

/** All that a record can hold, at the ends of what it can be. */
const FULL: UserRecord = {
  sessions: [
    { id: 'é\0"\\', node: 'n:{1}', activity: 'online' },
    { id: '__proto__', node: '', activity: 'away' },
  ],
  choice: { status: 'busy', text: '\u{1f468}\u200d\u{1f469} <b>\n\ud800', until: 253_402_300_799_999 },
  lastSeen: 1_767_225_600_123.0625,
  lastSeenAccuracy: 'approximate',
  reason: 'drop',
}

export const readCases: readonly Draft<StorageWorld>[] = [
  draft(1, IN_ORDER, async ({ connect }) => {
    const storage = await connect()
    await write(storage, 'b', 5)
    const stored = await readAll(storage, ['c', 'b', 'a', 'b'])
    same(
      stored.map(({ version }) => version),
      [0, 5, 0, 5],
      'The versions of c, b, a and b, of which only b was written',
    )
    same((await storage.read([])).records, [], 'What is read of nobody')
  }),
  draft(
    1,
    IN_ORDER,
    async ({ connect }) => {
      const storage = await connect()
      const ids = Array.from({ length: MANY }, (_, index) => `user ${index}`)
      for (const index of [0, 1, 499, MANY - 1]) await write(storage, `user ${index}`, index + 1)
      const stored = await readAll(storage, [...ids].reverse())
      const found = stored.map(({ version }, index) => [ids.length - 1 - index, version])
      same(
        found.filter(([, version]) => version !== 0),
        [MANY - 1, 499, 1, 0].map((index) => [index, index + 1]),
        `The written ones of ${MANY} ids`,
      )
    },
    { detail: 'of a long list' },
  ),
  draft(1, SHOWS, async ({ connect, supports }) => {
    const one = await connect()
    const other = supports.nodes ? await connect() : one
    for (let version = 1; version <= 10; version++) {
      const [writer, reader] = version % 2 ? [one, other] : [other, one]
      same(await readBack(reader, await write(writer, 'a', version)), true, `The read after swap ${version}`)
    }
  }),
  draft(
    1,
    SHOWS,
    async ({ connect }) => {
      const storage = await connect()
      for (const [index, record] of [FULL, recordOf(0), { ...FULL, sessions: [] }].entries()) {
        const written = await write(storage, 'a', index + 1, record)
        same(await readOne(storage, 'a'), written, 'A record that was written')
      }
    },
    { detail: 'with all that a record can hold' },
  ),
  draft(4, MISSING, async ({ connect }) => {
    const storage = await connect()
    await write(storage, 'a', 1)
    const { epoch, ...rest } = await readOne(storage, 'b')
    same(rest, { version: 0, record: null }, 'What was never written')
    check(Number.isSafeInteger(epoch) && epoch >= 0, `An epoch should be a whole number, but is ${epoch}`)
  }),
  draft(4, 'a swap that expects version 0 creates it', async ({ connect }) => {
    const storage = await connect()
    let expected = await readOne(storage, 'a')
    let result = await swapOne(storage, 'a', expected, 7)
    if (typeof result === 'object') {
      // An epoch has begun only now: what stands there in it can be expected.
      expected = result
      result = await swapOne(storage, 'a', expected, 7)
    }
    same(result, 'done', 'A swap that expects version 0')
    same(
      await readOne(storage, 'a'),
      { epoch: expected.epoch, version: 7, record: recordOf(7) },
      'What it created',
    )
  }),
]

async function readBack(...[storage, written]: [Parameters<typeof readOne>[0], unknown]): Promise<boolean> {
  same(await readOne(storage, 'a'), written, 'What is read after a swap that was answered')
  return true
}
