/** The embedded storage, sentence by sentence of its contract. */
import { describe, expect, test } from 'vitest'
import { EMPTY_RECORD, type UserRecord } from '../../src/core/record.ts'
import { memoryStorage, type ReadReply, type StorageAdapter, type SwapReply } from '../../src/server/index.ts'
import { createFakeClock } from '../../src/testing/index.ts'
import { STRANGE_IDS } from '../corpus/frames.ts'

const recordOf = (lastSeen: number): UserRecord => ({ ...EMPTY_RECORD, lastSeen })
const NOTHING = { epoch: 1, version: 0 }

async function read(storage: StorageAdapter, ...ids: string[]): Promise<ReadReply> {
  return storage.read(ids)
}

async function swap(
  storage: StorageAdapter,
  id: string,
  expected: { epoch: number; version: number },
  version: number,
): Promise<SwapReply['results'][number] | undefined> {
  const { results } = await storage.swap([{ id, expected, version, record: recordOf(version) }])
  expect(results).toHaveLength(1)
  return results[0]
}

describe('read', () => {
  test('MUST answer for every id, in the order asked', async () => {
    const storage = memoryStorage()
    await swap(storage, 'b', NOTHING, 5)
    const { records } = await read(storage, 'c', 'b', 'a', 'b')
    expect(records.map(({ version }) => version)).toEqual([0, 5, 0, 5])
    expect((await read(storage)).records).toEqual([])
  })

  test('MUST show every swap that was answered before it was called', async () => {
    const storage = memoryStorage()
    for (let version = 1; version <= 10; version++) {
      await swap(storage, 'a', { epoch: 1, version: version - 1 }, version)
      expect((await read(storage, 'a')).records).toEqual([{ epoch: 1, version, record: recordOf(version) }])
    }
  })

  test('an id that was never written MUST read as version 0 with record null', async () => {
    expect((await read(memoryStorage(), 'a')).records).toEqual([{ ...NOTHING, record: null }])
  })
})

describe('swap', () => {
  test('MUST replace a record only where epoch and version both equal the expected ones', async () => {
    const storage = memoryStorage()
    expect(await swap(storage, 'a', NOTHING, 7)).toBeNull()
    for (const expected of [
      NOTHING,
      { epoch: 1, version: 6 },
      { epoch: 1, version: 8 },
      { epoch: 2, version: 7 },
    ]) {
      expect(await swap(storage, 'a', expected, 99)).toEqual({ epoch: 1, version: 7, record: recordOf(7) })
    }
    expect(await swap(storage, 'a', { epoch: 1, version: 7 }, 8)).toBeNull()
  })

  test('MUST change nothing where it fails, and MUST give back what stands there', async () => {
    const storage = memoryStorage()
    await swap(storage, 'a', NOTHING, 7)
    const before = await read(storage, 'a', 'b')
    expect(await swap(storage, 'a', NOTHING, 8)).toEqual(before.records[0])
    expect(await swap(storage, 'b', { epoch: 1, version: 3 }, 8)).toEqual({ ...NOTHING, record: null })
    expect((await read(storage, 'a', 'b')).records).toEqual(before.records)
  })

  test('swaps of one call MAY succeed and fail independently, each in one step', async () => {
    const storage = memoryStorage()
    await swap(storage, 'b', NOTHING, 3)
    const { results } = await storage.swap([
      { id: 'a', expected: NOTHING, version: 1, record: recordOf(1) },
      { id: 'b', expected: NOTHING, version: 4, record: recordOf(4) },
      { id: 'a', expected: NOTHING, version: 2, record: recordOf(2) },
    ])
    expect(results.map((result) => result?.version ?? null)).toEqual([null, 3, 1])
  })
})

test('ids MUST be taken as they are: any well-formed string, case and Unicode form kept', async () => {
  const storage = memoryStorage()
  const ids = [...STRANGE_IDS, 'A', 'a', '\u00e9', 'e\u0301', 'a'.repeat(128)]
  const distinct = [...new Set(ids)]
  for (const [index, id] of distinct.entries()) expect(await swap(storage, id, NOTHING, index + 1)).toBeNull()
  const { records } = await read(storage, ...distinct)
  expect(records.map(({ version }) => version)).toEqual(distinct.map((_, index) => index + 1))
})

test('MUST NOT keep a reference by which a caller could change what is stored', async () => {
  const storage = memoryStorage()
  const swaps = [{ id: 'a', expected: NOTHING, version: 1, record: recordOf(1) }]
  await storage.swap(swaps)
  Object.assign(swaps[0] as object, { version: 99, id: 'b' })
  expect((await read(storage, 'a', 'b')).records.map(({ version }) => version)).toEqual([1, 0])
})

test('`now` MUST be the time at which the call was carried out', async () => {
  const clock = createFakeClock()
  const storage = memoryStorage({ clock })
  for (const step of [0, 1_000, 3_600_000]) {
    await clock.advance(step)
    expect((await read(storage)).now).toBe(clock.time())
    expect((await storage.swap([])).now).toBe(clock.time())
  }
})

test('it never loses anything, so there is no hold', () => {
  expect(memoryStorage().recoveryMs).toBe(0)
})

test('two servers may share nothing: each storage is its own', async () => {
  const [one, two] = [memoryStorage(), memoryStorage()]
  await swap(one, 'a', NOTHING, 1)
  expect((await read(two, 'a')).records[0]?.version).toBe(0)
})
