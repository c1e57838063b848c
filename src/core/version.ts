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

/** Further ahead of the time than this are versions only where the storage's clock was stepped back. */
const CLOCK_SLACK_MS = 1_000
/** Writers that can be told apart; as a step in ms it is little enough for the clock to catch up. */
const WRITERS = 1_000

/**
 * The version after `previous`. Time keeps it rising even where the storage lost some of its writes, so that none is used
 * again. Where its clock was stepped back time does not: there each node takes a residue of its own, for whoever knows what
 * was lost would take what another has written since for that, and swap it away. `writer`: the node's own, in [0, 1).
 */
export function nextVersion(previous: number, storageNow: number, writer: number): number {
  const least = Math.max(previous + 1, Math.floor(storageNow))
  if (least <= storageNow + CLOCK_SLACK_MS) return least
  return least + ((Math.floor(writer * WRITERS) - (least % WRITERS) + WRITERS) % WRITERS)
}
