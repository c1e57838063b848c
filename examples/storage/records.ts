/** Records in a database: read many, and swap each where the expected version stands. */
import type { Stamp, StoredRecord, Swap, SwapResult, UserRecord } from 'presencekit/server'
import type { Tables } from './database.ts'

/** Too late, or from a clock too far away, to change anything. */
export function isLate(now: number, { sentAt, toleranceMs }: Stamp): boolean {
  return Math.abs(now - sentAt) > toleranceMs
}

/** The epoch; begins one where there is none, above every one that was ever seen. */
export function epochOf(tables: Tables, now: number, greatestSeen: number): number {
  tables.epoch ||= Math.max(now, greatestSeen + 1)
  return tables.epoch
}

export function readRecord({ records, epoch }: Tables, id: string): StoredRecord {
  const text = records.get(id)
  return text === undefined ? { epoch, version: 0, record: null } : (JSON.parse(text) as StoredRecord)
}

/** To be called within one transaction: what is compared must not change before it is written. */
export function swapRecord(tables: Tables, { id, expected, version, record }: Swap): SwapResult {
  const stored = readRecord(tables, id)
  if (stored.epoch !== expected.epoch || stored.version !== expected.version) return stored
  tables.records.set(id, write(expected.epoch, version, record))
  return 'done'
}

function write(epoch: number, version: number, record: UserRecord): string {
  return JSON.stringify({ epoch, version, record } satisfies StoredRecord)
}
