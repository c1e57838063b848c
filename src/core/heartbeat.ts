/**
 * The heartbeat, both ends of it. The server sends, the client answers from its message handler (timers of a
 * hidden page run once a minute, message handlers do not). Any frame that comes in counts as life.
 *
 * server     | life                    | due
 * -----------|-------------------------|------------------------------------------------------------------
 * in time    | lastLifeAt = now        | at beatAt: beat; at lastLifeAt + T: expired, or reprieved if due came late
 * reprieved  | lastLifeAt = now        | at the end of the reprieve: expired
 *
 * client     | life                    | due
 * -----------|-------------------------|------------------------------------------------------------------
 * in time    | lastLifeAt = now        | at lastLifeAt + Tc: dead, or reprieved if due came late
 * reprieved  | lastLifeAt = now        | at the end of the reprieve: dead
 *
 * A `due` that comes late means that the judge itself was stalled: frames may lie unread. So the input gets a
 * moment to drain before anyone is judged.
 */
import { INTERVAL_SPREAD } from './timing.ts'

/** The server's end of one connection. Changed in place. */
export interface ServerHeartbeat {
  lastLifeAt: number
  beatAt: number
  /** Heartbeats sent since the last sign of life. */
  unanswered: number
  reprievedUntil: number | null
}

/** The client's end of its connection. Changed in place. */
export interface ClientHeartbeat {
  lastLifeAt: number
  reprievedUntil: number | null
}

/** A judge this much later than asked (as a part of the timeout) was stalled: 1 s of 60. */
const STALL_PART = 1 / 60

export function createServerHeartbeat(now: number, intervalMs: number, spread: number): ServerHeartbeat {
  return {
    lastLifeAt: now,
    beatAt: now + spreadInterval(intervalMs, spread),
    unanswered: 0,
    reprievedUntil: null,
  }
}

export function createClientHeartbeat(now: number): ClientHeartbeat {
  return { lastLifeAt: now, reprievedUntil: null }
}

/** A frame came in. */
export function noteLife(state: ServerHeartbeat | ClientHeartbeat, now: number): void {
  state.lastLifeAt = now
  state.reprievedUntil = null
  if ('unanswered' in state) state.unanswered = 0
}

/** When the server's end wants to be asked again. */
export function serverHeartbeatDueAt(state: ServerHeartbeat, timeoutMs: number): number {
  return Math.min(state.beatAt, expiryOf(state, timeoutMs))
}

/** When the client's end wants to be asked again. */
export function clientHeartbeatDueAt(state: ClientHeartbeat, timeoutMs: number): number {
  return expiryOf(state, timeoutMs)
}

/**
 * Asks the server's end.
 *
 * @param spread - in [0, 1): where in the spread the next interval lies
 * @returns `beat`: send a heartbeat now; `expired`: no sign of life for T
 */
export function stepServerHeartbeat(
  state: ServerHeartbeat,
  now: number,
  timing: { readonly timeoutMs: number; readonly intervalMs: number },
  spread: number,
): 'beat' | 'expired' | 'wait' {
  // A heartbeat that is due as well tells of a stall that ended just when the session would.
  if (isOver(state, now, timing.timeoutMs, state.beatAt)) return 'expired'
  if (now < state.beatAt) return 'wait'
  state.beatAt = now + spreadInterval(timing.intervalMs, spread)
  state.unanswered++
  return 'beat'
}

/** Asks the client's end. */
export function stepClientHeartbeat(state: ClientHeartbeat, now: number, timeoutMs: number): 'dead' | 'wait' {
  return isOver(state, now, timeoutMs, Number.POSITIVE_INFINITY) ? 'dead' : 'wait'
}

function expiryOf(state: ClientHeartbeat, timeoutMs: number): number {
  return state.reprievedUntil ?? state.lastLifeAt + timeoutMs
}

/** @param otherDueAt - when else the judge should have been asked */
function isOver(state: ClientHeartbeat, now: number, timeoutMs: number, otherDueAt: number): boolean {
  const expiry = expiryOf(state, timeoutMs)
  if (now < expiry) return false
  const lateMs = now - Math.min(expiry, otherDueAt)
  if (state.reprievedUntil !== null || lateMs <= timeoutMs * STALL_PART) return true
  state.reprievedUntil = now + timeoutMs * STALL_PART
  return false
}

function spreadInterval(intervalMs: number, spread: number): number {
  return intervalMs * (1 - INTERVAL_SPREAD + 2 * INTERVAL_SPREAD * spread)
}
