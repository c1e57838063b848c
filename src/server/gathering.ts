/**
 * How long changes wait for others, where much is told. What telling costs is the write to the socket, 5 to 12 µs whatever it
 * carries: a hundred changes in one frame cost 1.2 times what one does. So the more is told, the longer it gathers; and while
 * little is told nothing waits.
 *
 * Twice it waits: users' changes for the turn in which they are written and told, and sessions for what else they will be told. A
 * session's wait begins with its first change, and ends together with those of the sessions that began shortly after: a process
 * that wakes for a few frames finds everything cold, and pays half as much again for each of them.
 */
import type { Session } from './entities.ts'

/** Up to so many changes a second nothing waits: their writes are 2 % of a core. */
const CALM_PER_SECOND = 2_000
/** From so many on the waits are at their longest. */
const BUSY_PER_SECOND = 10_000
/** Likewise where so many users wait whose changes are still to be told: at the beginning of a burst nothing else shows it. */
const BUSY_BACKLOG = 64
/** All waits end at a tick: one waking of the process serves them all, and what it finds cold it finds cold once. */
const TICK_MS = 16
/** Of a session. With 10 changes a second it then gets 4 frames; twice the wait would save a third of them, and show. */
const LONGEST_MS = 8 * TICK_MS
/** Of a turn: with that of a session it is 144 ms from a change to its frame. */
const LONGEST_TURN_MS = TICK_MS
/** The pace is that of the last so many milliseconds. */
const MEASURE_MS = 100
/** So many are sent to in one step, for 10 ms of writes are no long one. */
const MOST_TOGETHER = 1_000
const NOBODY: readonly Session[] = []

/** Sessions whose wait ends together. */
interface Batch {
  readonly dueAt: number
  readonly sessions: Session[]
}

/** The pace at which changes are told, and the sessions that wait, in the order in which they are due; monotonic times. */
export interface Gathering {
  measuredAt: number
  counted: number
  perSecond: number
  readonly batches: Batch[]
}

export function createGathering(now: number): Gathering {
  return { measuredAt: now, counted: 0, perSecond: 0, batches: [] }
}

/**
 * Counts a change that is told. Says for how long the first of a session waits for others; 0: for the turn only.
 *
 * @param backlog - users whose changes wait for the next turn
 */
export function paceOf(gathering: Gathering, backlog: number, now: number): number {
  const passed = now - gathering.measuredAt
  if (passed >= MEASURE_MS) {
    // What was told before a pause says nothing about now.
    gathering.perSecond = passed < 2 * MEASURE_MS ? (gathering.counted * 1_000) / passed : 0
    gathering.counted = 0
    gathering.measuredAt = now
  }
  gathering.counted++
  return backlog >= BUSY_BACKLOG ? LONGEST_MS : LONGEST_MS * busyness(gathering)
}

/** When users' changes that are there now have their turn; `null`: at once. */
export function turnAfter(gathering: Gathering, now: number): number | null {
  if (now - gathering.measuredAt >= 2 * MEASURE_MS) return null
  const at = tickBefore(now + LONGEST_TURN_MS * busyness(gathering))
  return at > now ? at : null
}

function busyness({ perSecond }: Gathering): number {
  const part = (perSecond - CALM_PER_SECOND) / (BUSY_PER_SECOND - CALM_PER_SECOND)
  return Math.min(Math.max(part, 0), 1)
}

/** Has a session wait. One that waits already may be put in once more, and is then due twice. */
export function waitForMore({ batches }: Gathering, session: Session, waitMs: number, now: number): void {
  const last = batches.at(-1)
  // A shorter wait does not overtake: the batches stay in order.
  const dueAt = Math.max(tickNear(now + waitMs), last?.dueAt ?? 0)
  if (last?.dueAt === dueAt && last.sessions.length < MOST_TOGETHER) last.sessions.push(session)
  else batches.push({ dueAt, sessions: [session] })
}

function tickBefore(time: number): number {
  return Math.floor(time / TICK_MS) * TICK_MS
}

/** What another node tells comes between two ticks, and waits as long as the rest on the whole. */
function tickNear(time: number): number {
  return Math.round(time / TICK_MS) * TICK_MS
}

/** Whether somebody waits: then it is no trouble to wait with them. */
export function isSomebodyWaiting({ batches }: Gathering): boolean {
  return batches.length > 0
}

/** When the first of those who wait are due. */
export function gatheredAt({ batches }: Gathering): number {
  return batches[0]?.dueAt ?? Number.POSITIVE_INFINITY
}

/** Takes off whoever is due, as many as may be sent to in one step. */
export function takeGathered({ batches }: Gathering, now: number): readonly Session[] {
  const first = batches[0]
  if (!first || first.dueAt > now) return NOBODY
  batches.shift()
  return first.sessions
}
