/**
 * The one store that all adapters of a cluster work on: its data, its clock, its epochs, and the faults that can
 * befall it. The faults are those of a Redis: a wipe, a failover that loses writes, a clock that is stepped.
 */
import type { Clock } from '../../core/clock.ts'
import type { Stamp } from '../../server/storage/contract.ts'
import { type ClusterData, copyData, createData } from './data.ts'

/** The store, as the adapters see it. */
export interface Store {
  /** Replaced as a whole by a wipe and by a failover: ask anew at each call. */
  readonly data: ClusterData
  /** Its own clock. */
  time(): number
  /** Whether a call comes too late, or from a clock too far away, to change anything. */
  isLate(stamp: Stamp): boolean
  /** Begins an epoch where there is none. */
  beginEpoch(): void
  /** All data is lost. */
  wipe(): void
  /** What stands there now is what a replica has. */
  mark(): void
  /** The replica takes over. */
  lose(): void
  stepTime(byMs: number): void
}

/** @param lazyEpochs - a new epoch waits for the first write that is not late */
export function createStore(clock: Pick<Clock, 'time'>, lazyEpochs: boolean): Store {
  let data = createData()
  let marked: ClusterData | null = null
  let greatestEpoch = 0
  let stepMs = 0

  const store: Store = {
    get data() {
      return data
    },
    time: () => clock.time() + stepMs,
    isLate: ({ sentAt, toleranceMs }) => Math.abs(store.time() - sentAt) > toleranceMs,
    beginEpoch() {
      if (data.epoch > 0) return
      data.epoch = Math.max(store.time(), greatestEpoch + 1)
      greatestEpoch = data.epoch
    },
    wipe() {
      data = createData()
      if (!lazyEpochs) store.beginEpoch()
    },
    mark() {
      marked = copyData(data)
    },
    lose() {
      if (!marked) throw new Error('Nothing was marked that could be gone back to')
      data = copyData(marked)
    },
    stepTime(byMs) {
      stepMs += byMs
    },
  }
  store.wipe()
  return store
}
