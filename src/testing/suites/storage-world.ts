/** What a storage suite is given, and the world that each case makes of it. */
import type { Awaitable } from '../../core/awaitable.ts'
import type { StorageAdapter } from '../../server/storage/contract.ts'
import { check } from './assert.ts'

/** A storage with nothing in it, which nothing else works on. Opened for one case. */
export interface OpenedStorage {
  /** An adapter as a node of its own has it. All of them work on the same data. The suite closes it. */
  connect(): Awaitable<StorageAdapter>
  /** Lets time pass, for the storage and for its adapters. With real time: waits so long. */
  advance(durationMs: number): Awaitable<void>
  /** All data is lost, behind the backs of the adapters. Needed where `supports.wipe`. */
  wipe?(): Awaitable<void>
  /** From now on nothing reaches the storage. Needed where `supports.breakDown`. */
  breakDown?(): Awaitable<void>
  /** Steps the storage's clock. Needed where `supports.stepTime`. */
  stepTime?(byMs: number): Awaitable<void>
  /** The case is over, the adapters are closed. */
  close?(): Awaitable<void>
}

/** What can be done to a storage, and what it can do. All of it is off where left out. */
export interface StorageSupports {
  /** It has `nodes` and `bus`, for several nodes. */
  readonly nodes?: boolean
  /** It can lose its data. */
  readonly wipe?: boolean
  /** It can fail. */
  readonly breakDown?: boolean
  /** Its clock can be stepped. */
  readonly stepTime?: boolean
  /**
   * It keeps records as they are given and gives them as they are kept, as `memoryStorage` does, trusting that nobody
   * changes one in place. Otherwise it is tried by doing so.
   */
  readonly sharedRecords?: boolean
}

/** What a suite for storages and buses is given. */
export interface StorageSuiteOptions {
  /** Called once for each case; cases may run at the same time. */
  open(): Awaitable<OpenedStorage>
  /** What can be tried. @defaultValue nothing beyond records on one node */
  readonly supports?: StorageSupports
  /** Within this time every call has settled, and every message has arrived. @defaultValue 5000 */
  readonly settleMs?: number
}

/** A storage in the hands of one case. */
export interface StorageWorld {
  readonly supports: StorageSupports
  readonly settleMs: number
  readonly connect: () => Promise<StorageAdapter>
  /** Closes an adapter before the case is over. */
  readonly close: (adapter: StorageAdapter) => Promise<void>
  readonly advance: (durationMs: number) => Promise<void>
  readonly wipe: () => Promise<void>
  readonly breakDown: () => Promise<void>
  readonly stepTime: (byMs: number) => Promise<void>
  /** Lets time pass until something is so, but no longer than `settleMs`. */
  readonly until: (isSo: () => boolean) => Promise<void>
  /** As `until`, and throws where it has not come to be so. */
  readonly see: (isSo: () => boolean, what: string) => Promise<void>
  readonly end: () => Promise<void>
}

const DEFAULT_SETTLE_MS = 5_000
const POLL_MS = 5

export async function openWorld(options: StorageSuiteOptions): Promise<StorageWorld> {
  const { supports = {}, settleMs = DEFAULT_SETTLE_MS } = options
  const opened = await options.open()
  const adapters = new Set<StorageAdapter>()
  const advance = async (durationMs: number): Promise<void> => {
    await opened.advance(durationMs)
  }
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let waitedMs = 0; waitedMs < settleMs && !isSo(); waitedMs += POLL_MS) await advance(POLL_MS)
  }
  return {
    supports,
    settleMs,
    advance,
    async connect() {
      const adapter = await opened.connect()
      adapters.add(adapter)
      return adapter
    },
    until,
    async close(adapter) {
      // Once, as the contract has it.
      adapters.delete(adapter)
      await adapter.close?.()
    },
    async see(isSo, what) {
      await until(isSo)
      check(isSo(), `${what} within ${settleMs} ms`)
    },
    async wipe() {
      must(opened.wipe !== undefined, 'wipe')
      await opened.wipe?.()
    },
    async breakDown() {
      must(opened.breakDown !== undefined, 'breakDown')
      await opened.breakDown?.()
    },
    async stepTime(byMs) {
      must(opened.stepTime !== undefined, 'stepTime')
      await opened.stepTime?.(byMs)
    },
    async end() {
      // One whose storage is broken may fail to close.
      await Promise.allSettled([...adapters].map(async (adapter) => adapter.close?.()))
      await opened.close?.()
    },
  }
}

function must(isGiven: boolean, method: string): void {
  check(isGiven, `The suite was told that ${method} is supported, but open() gave no such method`)
}
