/**
 * The storage contract: where the shared part of presence lives.
 *
 * A storage knows no presence rule. It keeps one opaque record a user, each under a version, and swaps a record
 * for another where the version is the expected one. Who is online, and whether that is news, the servers decide.
 */
import type { Awaitable } from '../../core/awaitable.ts'
import type { UserRecord } from '../../core/record.ts'
import type { Version } from '../../core/version.ts'
import type { BusAdapter } from './bus.ts'
import type { NodeDirectory } from './nodes.ts'
import type { Stamp } from './stamp.ts'

export type { Stamp } from './stamp.ts'

/** What stands in the storage for a user. Where nothing stands: version 0 and `record: null`. */
export interface StoredRecord extends Version {
  /** `null`: nothing stands there. */
  readonly record: UserRecord | null
}

/** One record to be replaced. */
export interface Swap {
  /** Whose record. */
  readonly id: string
  /** What the caller believes to stand there. */
  readonly expected: Version
  /** What shall stand there instead, in the same epoch; greater than the expected one. */
  readonly version: number
  /** What shall stand there instead. */
  readonly record: UserRecord
}

/** The answer to a read; `records` in the order asked. */
export interface ReadReply {
  /** The storage's time, epoch milliseconds; left out where telling it costs a call of its own. */
  readonly now?: number
  /** One for each id, in the order asked. `null`: this one could not be read. */
  readonly records: readonly (StoredRecord | null)[]
}

/** `done`; `late`: nothing was changed; `failed`: it may have been carried out; or what stands there instead. */
export type SwapResult = 'done' | 'late' | 'failed' | StoredRecord

/** The answer to a swap. */
export interface SwapReply {
  /** The storage's time, epoch milliseconds. */
  readonly now: number
  /** One for each swap, in order. */
  readonly results: readonly SwapResult[]
}

/**
 * Keeps the presence records.
 *
 * 1. `read` MUST answer for every id, in the order asked, and MUST show every swap that was answered before it was called.
 * 2. `swap` MUST replace a record only where epoch and version both equal the expected ones, and each record in one
 *    atomic step. Swaps of one call MAY succeed and fail independently.
 * 3. A swap that finds something else MUST change nothing, and MUST give back what stands there.
 * 4. An id that was never written MUST read as version 0 with `record: null`; a swap that expects version 0 creates it.
 * 5. Ids MUST be taken as they are: any well-formed string, case and Unicode form kept, `__proto__` among them.
 * 6. A storage that lost records MUST begin a new epoch, greater than every one before: its time where that is greater.
 *    Until it has, it MAY give epoch 0 for what is missing.
 * 7. A storage MUST NOT keep a reference by which a caller could change what is stored, nor hand one out.
 * 8. A failing call MUST reject or throw; it MUST NOT answer with made-up records. It MAY have been carried out.
 * 9. Every call MUST settle: an adapter that waits for a network bounds the wait, for nobody above it does.
 * 10. `now` MUST be the time at which the call was carried out, of one clock for all nodes.
 * 11. A swap whose `sentAt` is further from that time than `toleranceMs` MUST change nothing and be answered `late`.
 */
export interface StorageAdapter {
  /**
   * How long the storage may need to come back with its data after a fault. 0: it never loses any,
   * so a missing record means offline at once.
   */
  readonly recoveryMs: number
  /** Which nodes share it; left out: it serves one node only. */
  readonly nodes?: NodeDirectory
  /** By which they tell each other; left out: it serves one node only. */
  readonly bus?: BusAdapter
  /**
   * So many records are read for what one message from node to node costs. A user with more contacts than this for each other
   * node is told of to all nodes, and the storage is not asked where their contacts are.
   * @defaultValue 10, as measured on Redis
   */
  readonly recordsPerMessage?: number
  /** What stands there for these users. */
  read(ids: readonly string[]): Awaitable<ReadReply>
  /** Replaces records, each where the expected version stands. */
  swap(swaps: readonly Swap[], stamp: Stamp): Awaitable<SwapReply>
  /** Called once by the server that was given the storage, when it closes; its bus and all the rest are closed with it. */
  close?(): Awaitable<void>
}
