/**
 * A model of a storage that several nodes share: one Redis, as far as the contracts go, in memory. It answers at once,
 * by one clock, and the same each time; a test wipes it, fails it over, steps its clock, and holds up, loses or doubles
 * whatever goes to it and comes from it. Whatever a real storage does must be something that this one could do.
 */
import type { Clock } from '../core/clock.ts'
import type { StorageAdapter, StoredRecord } from '../server/storage/contract.ts'
import { createAdapter } from './cluster/adapter.ts'
import type { Listeners } from './cluster/bus.ts'
import type { Entry } from './cluster/data.ts'
import type { MemoryHooks } from './cluster/hooks.ts'
import { recordAt } from './cluster/records.ts'
import { createStore } from './cluster/store.ts'

/** How {@link createMemoryCluster} is set up. */
export interface MemoryClusterOptions {
  /** Gives the storage's time, and the turn in which a message arrives. */
  readonly clock: Pick<Clock, 'time' | 'defer'>
  /** Of the adapters. @defaultValue 100 */
  readonly recoveryMs?: number
  /** Of the adapters. @defaultValue none: that of the server */
  readonly recordsPerMessage?: number
  /**
   * After a wipe, and at first, the epoch is 0 until a write begins one, as on a real storage; otherwise one begins at
   * once. @defaultValue false
   */
  readonly lazyEpochs?: boolean
}

/** What stands in the directory for an incarnation. */
export interface MemoryEntry {
  /** Whose entry. */
  readonly incarnation: string
  /** When its lease lapses; storage time. */
  readonly leaseUntil: number
  /** The instant of its last flush; storage time. */
  readonly flushedAt: number
  /** Who has claimed it last; `null`: nobody ever. */
  readonly claimedBy: string | null
  /** User by session id. */
  readonly sessions: ReadonlyMap<string, string>
}

/** One storage, in memory, for many nodes. */
export interface MemoryCluster {
  /** An adapter, for one node; all adapters work on the same data. */
  storage(hooks?: MemoryHooks): StorageAdapter
  /** The storage's time. */
  time(): number
  /** What stands there for a user, past all hooks. */
  recordOf(id: string): StoredRecord
  /** What stands in the directory, past all hooks. */
  entries(): MemoryEntry[]
  /** All data is lost; a new epoch begins, greater than every one before. */
  wipe(): void
  /** What stands there now is what a replica has. */
  mark(): void
  /** The replica takes over: every write since the last `mark` is lost, and nobody is told. */
  lose(): void
  /** Steps the storage's clock, forward or back. */
  stepTime(byMs: number): void
}

/** Makes a storage in memory in which nothing was written yet. */
export function createMemoryCluster(options: MemoryClusterOptions): MemoryCluster {
  const { clock, recoveryMs = 100, recordsPerMessage, lazyEpochs = false } = options
  const traits = { recoveryMs, ...(recordsPerMessage !== undefined && { recordsPerMessage }) }
  const store = createStore(clock, lazyEpochs)
  const listeners: Listeners = new Map()
  const defaults: Required<MemoryHooks> = {
    intercept: (_, carryOut) => carryOut(),
    carry: (_, deliver) => {
      clock.defer(deliver)
    },
    reachOf: () => 'whole',
    onError: () => {},
  }
  return {
    storage: (hooks) => createAdapter(store, listeners, traits, { ...defaults, ...hooks }),
    time: () => store.time(),
    recordOf: (id) => recordAt(store, id),
    entries: () => [...store.data.entries].map(([incarnation, entry]) => describeEntry(incarnation, entry)),
    wipe: () => {
      store.wipe()
    },
    mark: () => {
      store.mark()
    },
    lose: () => {
      store.lose()
    },
    stepTime: (byMs) => {
      store.stepTime(byMs)
    },
  }
}

function describeEntry(incarnation: string, entry: Entry): MemoryEntry {
  const { leaseUntil, flushedAt, claim, sessions } = entry
  return { incarnation, leaseUntil, flushedAt, claimedBy: claim?.by ?? null, sessions: new Map(sessions) }
}
