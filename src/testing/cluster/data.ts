/** What a shared storage holds, as plain values: records by user, entries by incarnation, one epoch for all. */
import type { StoredRecord } from '../../server/storage/contract.ts'

/** What a claim says: by whom, and until when. */
export interface EntryClaim {
  readonly by: string
  readonly until: number
}

/** The entry of an incarnation. Changed in place. */
export interface Entry {
  leaseUntil: number
  flushedAt: number
  /** User by session id. */
  readonly sessions: Map<string, string>
  /** Storage time of the last sign of life by session id, of those that were silent at the last flush. */
  silent: ReadonlyMap<string, number>
  /** Once set it stays: what was ever claimed is lost to its own node. */
  claim: EntryClaim | null
}

/** All that a failover can throw back, or a wipe take away. */
export interface ClusterData {
  /** 0: it has none yet. */
  epoch: number
  readonly records: Map<string, StoredRecord>
  readonly entries: Map<string, Entry>
}

/** A storage in which nothing was ever written. */
export function createData(): ClusterData {
  return { epoch: 0, records: new Map(), entries: new Map() }
}

/** A copy on which later changes have no bearing. Records are frozen, so they need none. */
export function copyData({ epoch, records, entries }: ClusterData): ClusterData {
  return {
    epoch,
    records: new Map(records),
    entries: new Map(
      [...entries].map(([id, entry]) => [id, { ...entry, sessions: new Map(entry.sessions) }]),
    ),
  }
}

/** A value of plain JSON as it comes out at the other end of a wire: equal, nobody's, and unchangeable. */
export function frozenCopy<T>(value: T): T {
  return freezeDeeply(JSON.parse(JSON.stringify(value)) as T)
}

function freezeDeeply<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(freezeDeeply)
  return Object.freeze(value)
}
