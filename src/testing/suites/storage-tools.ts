/** What cases ask of a storage again and again. */
import { EMPTY_RECORD, type UserRecord } from '../../core/record.ts'
import type { Version } from '../../core/version.ts'
import type { Stamp, StorageAdapter, StoredRecord, SwapResult } from '../../server/storage/contract.ts'
import { check, same } from './assert.ts'

/** Nothing is ever this late. */
const GENEROUS_MS = 600_000

/** A record that is told from others by a number. */
export function recordOf(mark: number): UserRecord {
  return { ...EMPTY_RECORD, lastSeen: mark, lastSeenAccuracy: 'exact', reason: 'leave' }
}

/** By which a node calls that does not know the storage's time yet. */
const ANY_TIME: Stamp = { sentAt: 0, toleranceMs: Number.POSITIVE_INFINITY }

/** The storage's time, by a swap that never finds what it expects. */
export async function timeOf(storage: StorageAdapter): Promise<number> {
  const swap = { id: 'what time is it', expected: { epoch: 0, version: 1 }, version: 2, record: EMPTY_RECORD }
  const { now } = await storage.swap([swap], ANY_TIME)
  check(Number.isFinite(now) && now > 0, `The storage's time should be epoch milliseconds, but is ${now}`)
  return now
}

/** A stamp that is on time. */
export async function stampOf(storage: StorageAdapter): Promise<Stamp> {
  return { sentAt: await timeOf(storage), toleranceMs: GENEROUS_MS }
}

/** What stands there for one id. */
export async function readOne(storage: StorageAdapter, id: string): Promise<StoredRecord> {
  const [stored] = await readAll(storage, [id])
  check(stored !== undefined, 'Nothing was read')
  return stored
}

/** What stands there for ids, of which all can be read. */
export async function readAll(storage: StorageAdapter, ids: readonly string[]): Promise<StoredRecord[]> {
  const { records } = await storage.read(ids)
  check(records.length === ids.length, `${ids.length} ids were read, and ${records.length} answered`)
  return records.map((stored) => {
    check(stored !== null, 'A storage that does not fail can read every record')
    return stored
  })
}

/** Asks for one swap. */
export async function swapOne(
  storage: StorageAdapter,
  id: string,
  expected: Version,
  version: number,
  record = recordOf(version),
): Promise<SwapResult> {
  const { results } = await storage.swap([{ id, expected, version, record }], await stampOf(storage))
  same(results.length, 1, 'The number of results')
  return results[0] as SwapResult
}

/** Writes a record in place of whatever stands there. The first write may find an epoch that nobody could expect. */
export async function write(
  storage: StorageAdapter,
  id: string,
  version: number,
  record = recordOf(version),
): Promise<StoredRecord> {
  let expected = await readOne(storage, id)
  for (let attempt = 0; attempt < 2; attempt++) {
    const result = await swapOne(storage, id, expected, version, record)
    if (result === 'done') return { epoch: expected.epoch, version, record }
    if (typeof result === 'string')
      throw new Error(`A swap that expects what stands there is answered ${result}`)
    expected = result
  }
  throw new Error(`A swap that expects what stands there is answered with ${JSON.stringify(expected)}`)
}
