/** A node's adapter: the contract on one side, the store that all share on the other, and the hooks in between. */
import type { Awaitable } from '../../core/awaitable.ts'
import type { StorageAdapter } from '../../server/storage/contract.ts'
import { createNodeBus, type Listeners } from './bus.ts'
import { claimEntry, dischargeSessions, enlistSessions, flushEntry, releaseLease } from './directory.ts'
import type { MemoryCall, MemoryHooks } from './hooks.ts'
import { readRecords, swapRecords } from './records.ts'
import type { Store } from './store.ts'

export function createAdapter(
  store: Store,
  listeners: Listeners,
  traits: Pick<StorageAdapter, 'recoveryMs' | 'recordsPerMessage'>,
  hooks: Required<MemoryHooks>,
): StorageAdapter {
  const bus = createNodeBus(listeners, hooks)
  let closed = false
  const call = <T>(asked: MemoryCall, carryOut: () => T): Awaitable<T> => {
    if (closed) throw new Error('The storage is closed')
    return hooks.intercept(asked, carryOut)
  }
  return {
    ...traits,
    read: (...args) => call({ method: 'read', args }, () => readRecords(store, ...args, hooks.reachOf)),
    swap: (...args) => call({ method: 'swap', args }, () => swapRecords(store, ...args, hooks.reachOf)),
    nodes: {
      flush: (...args) => call({ method: 'flush', args }, () => flushEntry(store, ...args)),
      enlist: (...args) => call({ method: 'enlist', args }, () => enlistSessions(store, ...args)),
      claim: (...args) => call({ method: 'claim', args }, () => claimEntry(store, ...args)),
      discharge: (...args) => call({ method: 'discharge', args }, () => dischargeSessions(store, ...args)),
      release: (...args) => call({ method: 'release', args }, () => releaseLease(store, ...args)),
    },
    bus: {
      listen: (...args) => call({ method: 'listen', args }, () => bus.listen(...args)),
      publish: (...args) => call({ method: 'publish', args }, () => bus.publish(...args)),
    },
    close() {
      closed = true
      bus.stop()
    },
  }
}
