/**
 * A clock that stands still until a test moves it. It hands every callback its exact instant, in the order of
 * (time, insertion), so a run is the same each time and takes no real time.
 */
import type { Clock } from '../core/clock.ts'
import { createRandom } from './random.ts'
import { createTimerQueue, type Entry } from './timer-queue.ts'

/** How {@link createFakeClock} starts. */
export interface FakeClockOptions {
  /** Of the chance that `random()` gives. @defaultValue 1 */
  readonly seed?: number
  /** What `time()` says at first, epoch milliseconds. @defaultValue 2026-01-01T00:00:00Z */
  readonly time?: number
}

/** A {@link Clock} in the hands of a test. */
export interface FakeClock extends Clock {
  /**
   * Lets time pass, running all that falls due, also what is added on the way. Before and after each callback
   * all promise jobs are run. Rejects with what a callback throws. One call at a time.
   */
  advance(durationMs: number): Promise<void>
  /** As `advance`, but at once and without running promise jobs: for simulations that need none. */
  run(durationMs: number): void
  /** Runs what is due now, and all promise jobs. */
  settle(): Promise<void>
  /**
   * A frozen process: time passes and nothing runs; then the overdue timers fire, all late and in order, and only
   * after them what arrived meanwhile, as a process reads its sockets when its late timers have run.
   */
  stall(durationMs: number): Promise<void>
  /** Steps the wall clock alone, forward or back. */
  stepTime(byMs: number): void
  /** Timers and deferred callbacks that wait; 0 where nothing leaked. Frames under way do not count. */
  pending(): number
  /** As `setTimer`, for what comes from outside the process: a network's frames. */
  setArrival(delayMs: number, callback: () => void): () => void
}

/** Odd on purpose: code that takes 0 for the start, or whole numbers for granted, shows it. */
const START_MS = 73_421.5
const DEFAULT_TIME = Date.UTC(2026, 0, 1)

/**
 * One turn runs all promise jobs, however many follow from each other; the others are for what takes a turn of
 * its own (schedulers of user interfaces, streams).
 */
const TURNS = 3

/** Captured, so that a test runner's fake timers cannot hold us up. */
const nextTurn: (callback: () => void) => unknown =
  (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate ??
  globalThis.setTimeout.bind(globalThis)

/** Makes a clock that stands still until it is moved. */
export function createFakeClock({ seed = 1, time = DEFAULT_TIME }: FakeClockOptions = {}): FakeClock {
  const random = createRandom(seed)
  const queue = createTimerQueue()
  let now = START_MS
  let wallOffset = time - START_MS
  let running = false

  /** Whole milliseconds, rounded up: as real timers, and never before `delayMs`. */
  const add = (delayMs: number, callback: () => void, arrival: boolean): (() => void) => {
    const entry = queue.add(now + Math.ceil(Math.max(0, delayMs) || 0), callback, arrival)
    return () => {
      queue.cancel(entry)
    }
  }
  const take = (entry: Entry): (() => void) => {
    const { callback } = entry
    now = Math.max(now, entry.dueAt)
    queue.cancel(entry)
    return callback ?? nothing
  }
  const nextUntil = (end: number): (() => void) | undefined => {
    const entry = queue.peek()
    return entry && entry.dueAt <= end ? take(entry) : undefined
  }
  const exclusively = async (work: () => Promise<void>): Promise<void> => {
    begin()
    try {
      await work()
    } finally {
      running = false
    }
  }
  const begin = (): void => {
    if (running) throw new Error('The clock is being moved already: await the call before')
    running = true
  }
  const advanceTo = async (end: number): Promise<void> => {
    await runPromiseJobs()
    for (let callback = nextUntil(end); callback; callback = nextUntil(end)) {
      callback()
      await runPromiseJobs()
    }
    now = Math.max(now, end)
  }
  const runLate = async (): Promise<void> => {
    for (const entry of overdueTimers(queue.waiting(), now)) {
      take(entry)()
      await runPromiseJobs()
    }
  }

  return {
    now: () => now,
    time: () => Math.floor(now + wallOffset),
    setTimer: (delayMs, callback) => add(delayMs, callback, false),
    defer: (callback) => void add(0, callback, false),
    random: () => random.next(),
    advance: (durationMs) => exclusively(() => advanceTo(now + durationMs)),
    run(durationMs) {
      begin()
      try {
        const end = now + durationMs
        for (let callback = nextUntil(end); callback; callback = nextUntil(end)) callback()
        now = Math.max(now, end)
      } finally {
        running = false
      }
    },
    settle: () => exclusively(() => advanceTo(now)),
    stall: (durationMs) =>
      exclusively(async () => {
        now += durationMs
        await runLate()
        await advanceTo(now)
      }),
    stepTime(byMs) {
      wallOffset += byMs
    },
    pending: () => queue.waiting().filter(({ arrival }) => !arrival).length,
    setArrival: (delayMs, callback) => add(delayMs, callback, true),
  }
}

/** The timers that a stall made late. One of them may cancel another: that one's callback is gone by then. */
function overdueTimers(entries: readonly Entry[], now: number): Entry[] {
  return entries
    .filter(({ arrival, dueAt }) => !arrival && dueAt <= now)
    .sort((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence)
}

async function runPromiseJobs(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => void nextTurn(resolve))
}

function nothing(): void {
  // Cancelled by a timer that ran before it.
}
