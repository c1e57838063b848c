/** Records in memory: `read` and `swap`, each carried out in one step. */
import type {
  ReadReply,
  Stamp,
  StoredRecord,
  Swap,
  SwapReply,
  SwapResult,
} from '../../server/storage/contract.ts'
import { frozenCopy } from './data.ts'
import type { Store } from './store.ts'

/**
 * How far a call gets with one id, as a part of the storage fails. `unheard`: it is carried out, and its answer is lost.
 */
export type Reach = 'whole' | 'unheard' | 'none'

/** Asked for each id of each call. */
export type ReachOf = (id: string) => Reach

export function readRecords(store: Store, ids: readonly string[], reachOf: ReachOf): ReadReply {
  return {
    now: store.time(),
    records: ids.map((id) => (reachOf(id) === 'whole' ? recordAt(store, id) : null)),
  }
}

export function swapRecords(store: Store, swaps: readonly Swap[], stamp: Stamp, reachOf: ReachOf): SwapReply {
  const late = store.isLate(stamp)
  if (!late) store.beginEpoch()
  const results = swaps.map((swap): SwapResult => {
    const reach = reachOf(swap.id)
    if (reach === 'none') return 'failed'
    const result = late ? 'late' : swapOne(store, swap)
    return reach === 'whole' ? result : 'failed'
  })
  return { now: store.time(), results }
}

/** What stands there for an id. */
export function recordAt({ data }: Store, id: string): StoredRecord {
  return data.records.get(id) ?? Object.freeze({ epoch: data.epoch, version: 0, record: null })
}

function swapOne(store: Store, { id, expected, version, record }: Swap): 'done' | StoredRecord {
  const current = recordAt(store, id)
  if (current.epoch !== expected.epoch || current.version !== expected.version) return current
  store.data.records.set(id, frozenCopy({ epoch: current.epoch, version, record }))
  return 'done'
}
