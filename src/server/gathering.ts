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
/** Of a session. With 10 changes a second it then gets 4 frames; twice the wait would save a third of them, and show. */
const LONGEST_MS = 128
/** Of a turn: with that of a session it is 138 ms from a change to its frame. */
const LONGEST_TURN_MS = 10
/** The pace is that of the last so many milliseconds. */
const MEASURE_MS = 100
/** Sessions whose wait begins within this end it together; but so many at the most, for 10 ms of writes are no long step. */
const [TOGETHER_MS, MOST_TOGETHER] = [20, 1_000]
const NOBODY: readonly Session[] = []

/** Sessions that wait together. */
interface Batch {
  readonly beganAt: number
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

/** For how long users' changes wait for their turn; 0: it comes at once. */
export function turnWait(gathering: Gathering, now: number): number {
  return now - gathering.measuredAt < 2 * MEASURE_MS ? LONGEST_TURN_MS * busyness(gathering) : 0
}

function busyness({ perSecond }: Gathering): number {
  const part = (perSecond - CALM_PER_SECOND) / (BUSY_PER_SECOND - CALM_PER_SECOND)
  return Math.min(Math.max(part, 0), 1)
}

/** Has a session wait. One that waits already may be put in once more, and is then due twice. */
export function waitForMore({ batches }: Gathering, session: Session, waitMs: number, now: number): void {
  const last = batches.at(-1)
  if (last && now - last.beganAt < TOGETHER_MS && last.sessions.length < MOST_TOGETHER)
    last.sessions.push(session)
  // A shorter wait does not overtake: the batches stay in order.
  else batches.push({ beganAt: now, dueAt: Math.max(now + waitMs, last?.dueAt ?? 0), sessions: [session] })
}

/** Whether somebody waits: then it is no trouble to wait with them. */
export function isSomebodyWaiting({ batches }: Gathering): boolean {
  return batches.length > 0
}

/** When the first of those who wait are due. */
export function gatheredAt({ batches }: Gathering): number {
  return batches[0]?.dueAt ?? Number.POSITIVE_INFINITY
}

/** Takes off whoever is due. */
export function takeGathered({ batches }: Gathering, now: number): readonly Session[] {
  if (batches.length === 0) return NOBODY
  const first = batches.findIndex(({ dueAt }) => dueAt > now)
  const due = batches.splice(0, first < 0 ? batches.length : first)
  // Not as arguments of one call: of those there is a limit, of sessions there is none.
  return due.flatMap(({ sessions }) => sessions)
}
