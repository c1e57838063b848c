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

const LENGTHS = [250, 1_000] as const
/** So many in one go: a list that is no longer waits for nobody. Of all long ones together so much before others have their turn: some 5 ms. */
const [STRETCH, IN_ONE_TURN] = LENGTHS

/** Lets the event loop turn where enough has been done; a promise, where it has to be waited for. */
export type Pace = (count: number) => Awaitable<void>

export function createPace(clock: Pick<Clock, 'defer'>): Pace {
  let done = 0
  let nextTurn: Promise<void> | null = null
  const pace: Pace = (count) => {
    if (nextTurn) return nextTurn.then(() => pace(count))
    done += count
    if (done <= IN_ONE_TURN) return
    done = count
    nextTurn = new Promise((resolve) => {
      clock.defer(() => {
        nextTurn = null
        resolve()
      })
    })
    return nextTurn
  }
  return pace
}

/** Has work done that may take several turns, so many pieces of it at a time; the others wait in line. */
export type Lanes = <T>(work: () => Awaitable<T>) => Awaitable<T>

export function createLanes(count: number): Lanes {
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
  const run = <T>(work: () => Awaitable<T>): Awaitable<T> => {
    const value = attempt(work, undefined)
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

/** Whether a list is so long that the event loop turns on the way through it. */
export function isLong(items: readonly unknown[]): boolean {
  return items.length > STRETCH
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
      const pause = pace(STRETCH)
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
