/**
 * Going on with answers that may be there at once: then no promise is made, and no turn of the event loop passes; but where
 * there are very many.
 */
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { Clock } from '../../core/clock.ts'

/** So much is asked at once of an adapter that has to be asked one by one. */
const AT_ONCE = 32

/** Goes on with a value, at once where it is there. */
export function andThen<A, B>(value: Awaitable<A>, next: (value: A) => Awaitable<B>): Awaitable<B> {
  return isPromise(value) ? value.then(next) : next(value)
}

/** So many in one go: a list that is no longer waits for nobody. */
const STRETCH = 250
/** Of all long ones together so much before others have their turn: some 2 ms. */
const STRETCHES_IN_ONE_TURN = 4
/** After so much of one list those that began later go on: nobody waits for the whole of a hundred thousand. */
const STRETCHES_IN_ONE_GO = 40

/** Asked before a stretch: lets the event loop turn where enough has been done; a promise, where it has to be waited for. */
export type Pace = () => Awaitable<void>

/** Has work done that may take several turns, so many pieces of it at a time; the others wait in line. */
export type Lanes = <T>(work: (pace: Pace) => Awaitable<T>) => Awaitable<T>

export function createLanes(count: number, clock: Pick<Clock, 'defer'>): Lanes {
  const createPace = createPaces(clock)
  const waiting: (() => void)[] = []
  let busy = 0
  const leave = (): void => {
    const next = waiting.shift()
    if (next) next()
    else busy--
  }
  const left = <T>(value: T): T => {
    leave()
    return value
  }
  const failed = (error: unknown): never => {
    leave()
    throw error
  }
  const run = <T>(work: (pace: Pace) => Awaitable<T>): Awaitable<T> => {
    const value = attempt(work, createPace())
    return isPromise(value) ? value.then(left, failed) : left(value)
  }
  return (work) => {
    if (busy < count) {
      busy++
      return run(work)
    }
    return new Promise<void>((resolve) => {
      waiting.push(resolve)
    }).then(() => run(work))
  }
}

interface Paused {
  readonly place: number
  readonly goOn: () => void
}

/**
 * So much is done in a turn by all together, and who began first goes on first: side by side they would all be done last, and what is
 * known of each so far would outlive the young generation.
 */
function createPaces(clock: Pick<Clock, 'defer'>): () => Pace {
  const paused: Paused[] = []
  let places = 0
  let done = 0
  const turn = (): void => {
    done = 1
    const next = paused.shift()
    if (paused.length > 0) clock.defer(turn)
    next?.goOn()
  }
  const pause = async (place: number): Promise<void> =>
    new Promise((resolve) => {
      if (paused.length === 0) clock.defer(turn)
      const behind = paused.findIndex((other) => other.place > place)
      paused.splice(behind < 0 ? paused.length : behind, 0, { place, goOn: resolve })
    })
  return () => {
    let place = places++
    let stretches = 0
    return () => {
      if (++stretches % STRETCHES_IN_ONE_GO === 0) place = places++
      return ++done > STRETCHES_IN_ONE_TURN ? pause(place) : undefined
    }
  }
}

/** Whether a list is so long that the event loop turns on the way through it. */
export function isLong(count: number): boolean {
  return count > STRETCH
}

/** Maps a list, a few at a time where there is something to wait for. */
export function inSteps<A, B>(
  items: readonly A[],
  map: (item: A) => Awaitable<B>,
  pace?: Pace,
  results: B[] = [],
): Awaitable<B[]> {
  const start = results.length
  for (let place = start; place < items.length; place++) {
    if (pace && place > start && place % STRETCH === 0) {
      const pause = pace()
      if (isPromise(pause)) return pause.then(() => inSteps(items, map, pace, results))
    }
    const first = attempt(map, items[place] as A)
    if (isPromise(first)) {
      const others = items.slice(place + 1, place + AT_ONCE).map((item) => attempt(map, item))
      return Promise.all([first, ...others]).then((values) => {
        results.push(...values)
        return inSteps(items, map, pace, results)
      })
    }
    results.push(first)
  }
  return results
}

/** What throws must not leave the others of its step with nobody to hear of them. */
function attempt<A, B>(map: (item: A) => Awaitable<B>, item: A): Awaitable<B> {
  try {
    return map(item)
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)))
  }
}
