/** The embedded storage: a map in this process. It dies with the process, and so do the connections it tells of. */
import { type Clock, systemClock } from '../../core/clock.ts'
import type { StorageAdapter, StoredRecord, Swap, SwapResult } from './contract.ts'

/** One epoch: what is never lost needs no second one. */
const EPOCH = 1
const MISSING: StoredRecord = Object.freeze({ epoch: EPOCH, version: 0, record: null })

/** How {@link memoryStorage} is set up. */
export interface MemoryStorageOptions {
  /** @defaultValue the real clock */
  readonly clock?: Pick<Clock, 'time'>
}

/**
 * Keeps presence in the memory of this process: the default, for one node. It answers at once and never fails.
 * Records are values that nobody changes in place, so none is copied.
 */
export function memoryStorage({ clock = systemClock }: MemoryStorageOptions = {}): StorageAdapter {
  const stored = new Map<string, StoredRecord>()
  const at = (id: string) => stored.get(id) ?? MISSING

  const swapOne = ({ id, expected, version, record }: Swap): SwapResult => {
    const current = at(id)
    if (current.epoch !== expected.epoch || current.version !== expected.version) return current
    stored.set(id, { epoch: EPOCH, version, record })
    return 'done'
  }

  return {
    recoveryMs: 0,
    read: (ids) => ({ now: clock.time(), records: ids.map(at) }),
    swap(swaps, { sentAt, toleranceMs }) {
      const now = clock.time()
      const isLate = Math.abs(now - sentAt) > toleranceMs
      return { now, results: swaps.map((swap) => (isLate ? 'late' : swapOne(swap))) }
    },
  }
}
