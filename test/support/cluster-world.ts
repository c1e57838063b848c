/**
 * Several servers that share one storage in memory, under one clock. Each runs in a process of its own that can freeze,
 * and has its own way to the storage and the bus that can be cut, in one direction or both.
 */
import type { StoredRecord } from '../../src/server/index.ts'
import {
  createFakeClock,
  createMemoryCluster,
  type FakeClock,
  type MemoryCluster,
} from '../../src/testing/index.ts'
import { createProcess, type SimulatedProcess } from '../simulation/process.ts'
import { createServerWorld, type ServerWorld, type ServerWorldOptions, T } from './server-world.ts'

export interface ClusterNode extends ServerWorld {
  readonly process: SimulatedProcess
  readonly way: Way
  /** The process is gone from one moment to the next. */
  kill(): void
}

/** The way of a node to the storage and the bus. */
export interface Way {
  /**
   * `open`; `refused`: every call fails at once; `cut`: no call arrives and none is answered, it fails after
   * `CALL_TIMEOUT_MS`; `deaf`: calls are carried out, and their answers lost; `unsure`: those of swaps alone; `partly`: the
   * part of the storage that has the records refuses, the one that has the directory answers.
   */
  storage: 'open' | 'refused' | 'cut' | 'deaf' | 'unsure' | 'partly'
  /** By method: calls are carried out at once, and answered after so many milliseconds. */
  readonly answerMs: Map<string, number>
  /** Users whose part of the storage does not answer this node. */
  readonly outOf: Set<string>
  /** Whether the messages for this node arrive. */
  bus: 'open' | 'lost'
  /** All calls so far, by method. */
  readonly calls: Map<string, number>
}

export interface ClusterWorld {
  readonly clock: FakeClock
  readonly cluster: MemoryCluster
  readonly nodes: readonly ClusterNode[]
  /** What stands in the storage for a user. */
  stored(user: string): StoredRecord
  /** Another node joins. */
  addNode(): Promise<ClusterNode>
}

export const CALL_TIMEOUT_MS = 2_000
/** The contract's symbols at T = 60 s. */
export const [F, W, L, R, H, A] = [T / 12, T / 12, T / 4, T / 3, T / 3, T]

export interface ClusterWorldOptions extends ServerWorldOptions {
  readonly count?: number
  /** Whether R has passed since the storage began. @defaultValue true */
  readonly settled?: boolean
}

export async function createClusterWorld({
  count = 2,
  settled = true,
  ...options
}: ClusterWorldOptions = {}): Promise<ClusterWorld> {
  const clock = createFakeClock()
  const cluster = createMemoryCluster({ clock, recoveryMs: 3 * CALL_TIMEOUT_MS })
  if (settled) await clock.advance(T)
  const nodes: ClusterNode[] = []
  const addNode = async (): Promise<ClusterNode> => {
    const node = createNode(clock, cluster, nodes.length, options)
    nodes.push(node)
    await clock.settle()
    return node
  }
  for (let index = 0; index < count; index++) await addNode()
  // Until each has seen the others in the directory.
  await clock.advance(1.1 * F)
  return { clock, cluster, nodes, stored: cluster.recordOf, addNode }
}

function createNode(
  clock: FakeClock,
  cluster: MemoryCluster,
  index: number,
  options: ServerWorldOptions,
): ClusterNode {
  const process = createProcess(clock, index + 1)
  const way: Way = { storage: 'open', answerMs: new Map(), outOf: new Set(), bus: 'open', calls: new Map() }
  const later = <Value>(value: Value, delayMs: number): Promise<Value> =>
    new Promise((resolve) => {
      clock.setTimer(delayMs, () => {
        process.deliver(() => {
          resolve(value)
        })
      })
    })
  const timeout = (): Promise<never> =>
    new Promise((_, reject) => {
      process.clock.setTimer(CALL_TIMEOUT_MS, () => {
        reject(new Error('No answer'))
      })
    })
  const storage = cluster.storage({
    intercept({ method }, carryOut) {
      way.calls.set(method, (way.calls.get(method) ?? 0) + 1)
      const isOfRecords = method === 'read' || method === 'swap'
      if (way.storage === 'refused' || (way.storage === 'partly' && isOfRecords)) throw new Error('Refused')
      if (way.storage === 'cut') return timeout()
      const answer = carryOut()
      const isLost = way.storage === 'deaf' || (way.storage === 'unsure' && method === 'swap')
      return isLost ? timeout() : later(answer, way.answerMs.get(method) ?? 0)
    },
    reachOf: (id) => (way.outOf.has(id) ? 'none' : 'whole'),
    carry(_, deliver) {
      if (way.bus === 'open') clock.setTimer(0, () => process.deliver(deliver))
    },
  })
  const world = createServerWorld({ ...options, worldClock: clock, clock: process.clock, storage })
  return {
    ...world,
    process,
    way,
    kill() {
      process.freeze()
      world.network.resetAll()
    },
  }
}
