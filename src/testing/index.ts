/**
 * Time, network and shared storage in the hands of a test: a clock that stands still until it is moved, a network and
 * a storage in memory with the faults of real ones, and chance that can be repeated. And suites that hold an adapter of
 * yours to its contract. No test runner is needed.
 *
 * @packageDocumentation
 */
export { busSuite } from './bus-suite.ts'
export { createFakeClock, type FakeClock, type FakeClockOptions } from './clock.ts'
export type { MemoryCall, MemoryHooks, MemoryMessage, MemoryMethods } from './cluster/hooks.ts'
export type { Reach, ReachOf } from './cluster/records.ts'
export { contactsSuite } from './contacts-suite.ts'
export {
  createMemoryCluster,
  type MemoryCluster,
  type MemoryClusterOptions,
  type MemoryEntry,
} from './memory-cluster.ts'
export type {
  ConnectionListener,
  Delay,
  Direction,
  FrameListener,
  MemoryLink,
  MemoryRequest,
} from './memory-link.ts'
export type { FrameData } from './memory-pipe.ts'
export type {
  MemoryCloseEvent,
  MemoryMessageEvent,
  MemoryOpenEvent,
  MemorySocket,
  MemorySocketEvent,
  Side,
  Targeted,
} from './memory-socket.ts'
export {
  createMemoryNetwork,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  type MemorySocketConstructor,
} from './network.ts'
export { createRandom, type Random } from './random.ts'
export { storageSuite } from './storage-suite.ts'
export type { ConformanceCase } from './suites/case.ts'
export type {
  ContactsBook,
  ContactsSuiteOptions,
  ContactsSupports,
  OpenedContacts,
} from './suites/contacts-world.ts'
export type { OpenedStorage, StorageSuiteOptions, StorageSupports } from './suites/storage-world.ts'
