/** What is drawn once a run of several nodes: how many, the timings, who knows whom, and how far the storage is away. */
import * as fc from 'fast-check'
import { resolveTiming, type Timing } from '../../../src/core/timing.ts'
import type { Setup as SingleSetup } from '../setup.ts'

export interface Setup extends Pick<SingleSetup, 'devices' | 'graph' | 'symmetric' | 'browser' | 'delayMs'> {
  /** Of all chance that fast-check does not draw: delays, back-off, which node a client goes to. */
  readonly seed: number
  readonly nodes: number
  readonly timeoutMs: number
  /** `null`: as it follows from the timeout. */
  readonly graceMs: number | null
  /** A, as a part of T. */
  readonly comparePart: number
  /** The longest that a call takes to the storage, as a part of F; likewise back, and a message from node to node. */
  readonly latencyPart: number
  /** After a wipe the epoch waits for the first write. */
  readonly lazyEpochs: boolean
  /** The storage is old enough that nothing is held back when the script begins. */
  readonly settled: boolean
}

export const setups: fc.Arbitrary<Setup> = fc.record({
  seed: fc.noShrink(fc.integer({ min: 1, max: 2 ** 31 - 1 })),
  nodes: fc.integer({ min: 2, max: 4 }),
  timeoutMs: fc.constantFrom(6_000, 12_000, 30_000, 60_000),
  graceMs: fc.constantFrom(null, null, 0, 2_000),
  devices: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 2, maxLength: 4 }),
  graph: fc.oneof({ weight: 3, arbitrary: fc.constant(-1) }, fc.integer({ min: 0, max: 2 ** 25 - 1 })),
  symmetric: fc.boolean(),
  browser: fc.boolean(),
  delayMs: fc.constantFrom<[number, number][]>([0, 0], [5, 40], [20, 400]),
  comparePart: fc.constantFrom(1, 1, 0.4),
  latencyPart: fc.constantFrom(0, 0.004, 0.04, 0.15),
  lazyEpochs: fc.boolean(),
  settled: fc.constantFrom(true, true, true, false),
})

/** Everybody is judged by the contacts' lists alone. */
export function contactsOf({ devices, graph, symmetric }: Setup) {
  return { devices, graph, symmetric, selective: false }
}

/** A call of the storage that is not answered fails after this part of T: 2 s at T = 60 s. */
const CALL_TIMEOUT_PART = 1 / 30

export interface Durations extends Timing {
  readonly callTimeoutMs: number
  readonly recoveryMs: number
  readonly latencyMs: number
  /** One tick of a node's wheel. */
  readonly tickMs: number
}

export function durationsOf({ timeoutMs, graceMs, comparePart, latencyPart }: Setup): Durations {
  const callTimeoutMs = timeoutMs * CALL_TIMEOUT_PART
  // Two calls that time out, and the back-off of the connection.
  const recoveryMs = 3 * callTimeoutMs
  const options = {
    heartbeat: { timeoutMs },
    compareMs: comparePart * timeoutMs,
    ...(graceMs !== null && { graceMs: Math.min(graceMs, timeoutMs / 4) }),
  }
  const timing = resolveTiming(options, recoveryMs)
  const latencyMs = Math.round(latencyPart * timing.flushMs)
  return { ...timing, callTimeoutMs, recoveryMs, latencyMs, tickMs: timeoutMs / 600 }
}
