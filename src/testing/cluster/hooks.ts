/** Where a simulator takes hold of a node's way to the cluster: of its calls, and of the messages for it. */
import type { Awaitable } from '../../core/awaitable.ts'
import type { BusAdapter } from '../../server/storage/bus.ts'
import type { StorageAdapter } from '../../server/storage/contract.ts'
import type { NodeDirectory } from '../../server/storage/nodes.ts'
import type { ReachOf } from './records.ts'

/** What a node asks of a cluster: of its records, its directory, and its bus. */
export interface MemoryMethods extends Pick<StorageAdapter, 'read' | 'swap'>, NodeDirectory, BusAdapter {}

/** A call of a node, as its method was called: `{ method: 'read', args: [ids] }`, and so on. */
export type MemoryCall = {
  [Method in keyof MemoryMethods]: {
    /** Which method. */
    readonly method: Method
    /** What it was given. */
    readonly args: Parameters<MemoryMethods[Method]>
  }
}[keyof MemoryMethods]

/** A message on its way to one listener. */
export interface MemoryMessage {
  /** At which it listens. */
  readonly address: string
  /** What was published. */
  readonly text: string
}

/** How a node's calls and messages travel. */
export interface MemoryHooks {
  /**
   * Takes each call and gives its answer. `carryOut` does what the call asks for and gives the answer, or throws: call
   * it at once, later, twice, or never. What is thrown here, or what the returned promise rejects with, fails the call.
   *
   * @defaultValue `carryOut()`
   */
  readonly intercept?: <T>(call: MemoryCall, carryOut: () => T) => Awaitable<T>
  /**
   * Takes each message for this node: call `deliver` late, twice, in another order, or never.
   *
   * @defaultValue `clock.defer(deliver)`
   */
  readonly carry?: (message: MemoryMessage, deliver: () => void) => void
  /** Which parts of the storage the node reaches, asked for each id read or swapped. @defaultValue all of them */
  readonly reachOf?: ReachOf
  /** Told what a listener throws. @defaultValue it is dropped */
  readonly onError?: (error: unknown) => void
}
