/** Holds a bus to its contract: every sentence of `BusAdapter`. For any test runner. */
import { endingCases } from './suites/bus-ending.ts'
import { listenCases } from './suites/bus-listen.ts'
import { messageCases } from './suites/bus-messages.ts'
import { type ConformanceCase, toCases } from './suites/case.ts'
import { openWorld, type StorageSuiteOptions } from './suites/storage-world.ts'

/**
 * The cases that a bus has to pass. It is opened as part of the storage that it belongs to, as for
 * {@link storageSuite}; a bus that stands alone goes into `{ ...storage, bus }`.
 */
export function busSuite(options: StorageSuiteOptions): readonly ConformanceCase[] {
  const drafts = [...listenCases, ...messageCases, ...endingCases]
  return toCases('bus', drafts, { ...options.supports }, () => openWorld(options))
}
