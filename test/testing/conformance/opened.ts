/** Our own adapters as the suites are given them. */
import { memoryStorage, type StorageAdapter } from '../../../src/server/index.ts'
import {
  type ContactsBook,
  createFakeClock,
  createMemoryCluster,
  type MemoryClusterOptions,
  type StorageSuiteOptions,
} from '../../../src/testing/index.ts'

/** Wraps what a suite opens, to break it. */
export type Break = (storage: StorageAdapter) => StorageAdapter

/** The model, all of whose faults can be had. */
export function clusterOptions(
  more: Partial<MemoryClusterOptions> = {},
  wrap: Break = (storage) => storage,
): StorageSuiteOptions {
  return {
    supports: { nodes: true, wipe: true, breakDown: true, stepTime: true },
    settleMs: 500,
    open() {
      const clock = createFakeClock()
      const cluster = createMemoryCluster({ clock, ...more })
      let broken = false
      return {
        connect: () =>
          wrap(
            cluster.storage({
              intercept: (_, carryOut) => {
                if (broken) throw new Error('Nothing reaches the storage')
                return carryOut()
              },
            }),
          ),
        advance: (durationMs) => clock.advance(durationMs),
        wipe: () => {
          cluster.wipe()
        },
        breakDown: () => {
          broken = true
        },
        stepTime: (byMs) => {
          cluster.stepTime(byMs)
        },
      }
    },
  }
}

/** The embedded storage: one node, nothing to lose. */
export const memoryOptions: StorageSuiteOptions = {
  supports: { sharedRecords: true },
  settleMs: 500,
  open() {
    const clock = createFakeClock()
    const storage = memoryStorage({ clock })
    return { connect: () => storage, advance: (durationMs) => clock.advance(durationMs) }
  },
}

/** A book that changes, and tells so. */
export function changingBook(first: ContactsBook) {
  const book = new Map(first)
  const listeners = new Set<(userId: string, isLonger: boolean) => void>()
  return {
    book,
    change(userId: string, contactIds: readonly string[]) {
      const isLonger = contactIds.length > (book.get(userId)?.length ?? 0)
      book.set(userId, contactIds)
      for (const listener of [...listeners]) listener(userId, isLonger)
    },
    onChange(listener: (userId: string, isLonger: boolean) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
