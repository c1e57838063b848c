/**
 * The order of a user's records, everywhere on the servers: an epoch of the storage, and a version in it.
 * It is made of storage times, so it never leaves the servers: it would tell when somebody was last seen.
 */
import type { UserRecord } from './record.ts'

/** Where a record stands in the order. */
export interface Version {
  /** A storage that lost records begins a new one, greater than all before. */
  readonly epoch: number
  /** Rises with each record within the epoch; 0: nothing stands there. */
  readonly version: number
}

/** A record and where it stands. */
export interface VersionedRecord extends Version {
  readonly record: UserRecord
}

/** The place of a user for whom the storage holds nothing. */
export const NO_VERSION = 0

/** Whether `a` follows `b`: strictly, so that the same record told twice is news once. */
export function isNewer(a: Version, b: Version): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.version > b.version)
}

/** The version after `previous`. Time keeps it rising even where the storage lost some of its writes. */
export function nextVersion(previous: number, storageNow: number): number {
  return Math.max(previous + 1, Math.floor(storageNow))
}
