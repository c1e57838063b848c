/**
 * The durations of the contract, by its symbols: which follow from which, and which combinations cannot work.
 * All in milliseconds of a monotonic clock.
 */
import { configError } from './errors.ts'

/** The durations that a server may be given; those left out follow `timeoutMs`. */
export interface TimingOptions {
  /** The heartbeat, and what its absence means. */
  readonly heartbeat?: {
    /** T: no sign of life for this long means disconnected. @defaultValue 60000 */
    readonly timeoutMs?: number
    /** H: the server sends a heartbeat this often, give or take a tenth. @defaultValue T / 3 */
    readonly intervalMs?: number
    /** Tc: a client holds the server dead without a heartbeat. @defaultValue T / 2 */
    readonly clientTimeoutMs?: number
  }
  /** g: wait between a lost connection and offline. @defaultValue min(8000, T / 4) */
  readonly graceMs?: number
  /**
   * Coming and going are published later by a random time of at least half of this, and at most all of it; who has gone
   * before it shows has not been there. So nobody can tell by the minute who is online together. Hiding never waits.
   * @defaultValue 0, at once
   */
  readonly publishDelayMs?: number
  /** F: a node writes its lease and its sessions' last heartbeats this often. @defaultValue T / 12 */
  readonly flushMs?: number
  /** W: a node looks for dead nodes this often. @defaultValue T / 12 */
  readonly sweepMs?: number
  /** L: a node's lease. @defaultValue max(T / 4, 3 F) */
  readonly leaseMs?: number
  /** A: what is watched is compared with the storage this often. @defaultValue T */
  readonly compareMs?: number
  /** R: nobody is declared offline for this long after the storage was lost. @defaultValue max(T / 3, 2 F + the storage's recoveryMs) */
  readonly recoveryHoldMs?: number
}

/** Every duration of the contract, resolved and checked. */
export interface Timing {
  readonly timeoutMs: number
  readonly intervalMs: number
  readonly clientTimeoutMs: number
  readonly graceMs: number
  readonly publishDelayMs: number
  readonly flushMs: number
  readonly sweepMs: number
  readonly leaseMs: number
  readonly compareMs: number
  /** 0 where the storage cannot lose anything. */
  readonly recoveryHoldMs: number
}

/** Heartbeats are spread by this part of their interval to either side, so that connections do not beat in step. */
export const INTERVAL_SPREAD = 0.1
/** The longest interval that the spread gives. */
const LONGEST = 1 + INTERVAL_SPREAD

const DEFAULT_TIMEOUT_MS = 60_000
const MOST_GRACE_MS = 8_000
/** Below this timers of the platform are too coarse for the bounds of the contract. */
const LEAST_TIMEOUT_MS = 100
const MOST_TIMEOUT_MS = 86_400_000

/**
 * Resolves and checks the durations.
 *
 * @param recoveryMs - how long the storage may need to come back with its data; 0: it never loses any
 * @throws {@link PresenceError} `CONFIG` for what cannot work, naming option, range and value
 */
export function resolveTiming(options: TimingOptions, recoveryMs: number): Timing {
  const heartbeat = options.heartbeat ?? {}
  const timeoutMs = duration('heartbeat.timeoutMs', heartbeat.timeoutMs, DEFAULT_TIMEOUT_MS, LEAST_TIMEOUT_MS)
  const flushMs = duration('flushMs', options.flushMs, timeoutMs / 12)
  const timing: Timing = {
    timeoutMs,
    intervalMs: duration('heartbeat.intervalMs', heartbeat.intervalMs, timeoutMs / 3),
    clientTimeoutMs: duration('heartbeat.clientTimeoutMs', heartbeat.clientTimeoutMs, timeoutMs / 2),
    graceMs: duration('graceMs', options.graceMs, Math.min(MOST_GRACE_MS, timeoutMs / 4), 0),
    publishDelayMs: duration('publishDelayMs', options.publishDelayMs, 0, 0),
    flushMs,
    sweepMs: duration('sweepMs', options.sweepMs, timeoutMs / 12),
    leaseMs: duration('leaseMs', options.leaseMs, Math.max(timeoutMs / 4, 3 * flushMs)),
    compareMs: duration('compareMs', options.compareMs, timeoutMs),
    recoveryHoldMs: duration(
      'recoveryHoldMs',
      options.recoveryHoldMs,
      recoveryMs === 0 ? 0 : Math.max(timeoutMs / 3, 2 * flushMs + recoveryMs),
      0,
    ),
  }
  check(timing, recoveryMs)
  return timing
}

function duration(option: string, given: number | undefined, otherwise: number, least = 1): number {
  if (given === undefined) return otherwise
  if (Number.isFinite(given) && given >= least && given <= MOST_TIMEOUT_MS) return given
  throw configError(option, `a number of milliseconds from ${least} to ${MOST_TIMEOUT_MS}`, given)
}

/** The conditions C1 to C7 of docs/promises.md, each on the option that most likely broke it. */
function check(timing: Timing, recoveryMs: number): void {
  const { timeoutMs: T, intervalMs: H, clientTimeoutMs: Tc, flushMs: F, leaseMs: L } = timing
  // Of the two that share the room, the one that is longer than it would be by itself.
  if (F > T / 12) within('flushMs', F, 0, T / 4 - timing.sweepMs, 'C6: F + W ≤ T/4')
  else within('sweepMs', timing.sweepMs, 0, T / 4 - F, 'C6: F + W ≤ T/4')
  within('heartbeat.intervalMs', H, 0, (T - F) / (2 * LONGEST), 'C1: T ≥ 2.2 H + F')
  within(
    'heartbeat.clientTimeoutMs',
    Tc,
    LONGEST * H + STRICTLY_MS,
    T - LONGEST * H - F,
    'C4: 1.1 H < Tc and Tc + 1.1 H + F ≤ T',
  )
  within('graceMs', timing.graceMs, 0, T - STRICTLY_MS, 'C5: 0 ≤ g < T')
  within('publishDelayMs', timing.publishDelayMs, 0, T - STRICTLY_MS, 'less than T')
  within('leaseMs', L, 3 * F, T - LONGEST * H - F, 'C7: 3 F ≤ L ≤ T − 1.1 H − F')
  const leastHold = recoveryMs === 0 ? 0 : 2 * F + recoveryMs
  within(
    'recoveryHoldMs',
    timing.recoveryHoldMs,
    leastHold,
    MOST_TIMEOUT_MS,
    "C3: R ≥ 2 F + the storage's recoveryMs",
  )
}

/** Sums of fractions of T miss by less than this. */
const ROUNDING_MS = 1e-6
/** Less than, and not equal. */
const STRICTLY_MS = 1e-3

function within(option: string, value: number, least: number, most: number, rule: string): void {
  if (value >= least - ROUNDING_MS && value <= most + ROUNDING_MS) return
  throw configError(option, `from ${round(least)} to ${round(most)} ms here (${rule})`, round(value))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
