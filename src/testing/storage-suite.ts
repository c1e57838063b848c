/**
 * Holds a storage to its contract: every sentence of `StorageAdapter`, and of `NodeDirectory` where it is for several
 * nodes. For any test runner.
 */
import { type ConformanceCase, toCases } from './suites/case.ts'
import { claimCases } from './suites/nodes-claim.ts'
import { flushCases } from './suites/nodes-flush.ts'
import { sessionCases } from './suites/nodes-sessions.ts'
import { epochCases } from './suites/storage-epochs.ts'
import { failingCases } from './suites/storage-failing.ts'
import { readCases } from './suites/storage-read.ts'
import { swapCases } from './suites/storage-swap.ts'
import { timeCases } from './suites/storage-time.ts'
import { valueCases } from './suites/storage-values.ts'
import { openWorld, type StorageSuiteOptions } from './suites/storage-world.ts'

/**
 * The cases that a storage has to pass. Where it `supports.nodes`, those of its directory are among them; its bus has a
 * suite of its own, {@link busSuite}.
 *
 * @example
 * ```ts
 * import { test } from 'vitest'
 *
 * const open = () => ({ connect: () => storage, advance: (ms: number) => wait(ms) })
 * for (const { name, run } of storageSuite({ open })) test(name, run)
 * ```
 */
export function storageSuite(options: StorageSuiteOptions): readonly ConformanceCase[] {
  const supports = { ...options.supports }
  const records = [...readCases, ...swapCases, ...valueCases, ...epochCases, ...failingCases, ...timeCases]
  const open = () => openWorld(options)
  return [
    ...toCases('storage', records, supports, open),
    ...(supports.nodes
      ? toCases('nodes', [...flushCases, ...sessionCases, ...claimCases], supports, open)
      : []),
  ]
}
