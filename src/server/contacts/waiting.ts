/**
 * Going on with answers that may be there at once: then no promise is made, and no turn of the event loop passes; but where
 * there are very many.
 */
import { type Awaitable, isPromise } from '../../core/awaitable.ts'

/** So much is asked at once of an adapter that has to be asked one by one. */
const AT_ONCE = 32

/** Goes on with a value, at once where it is there. */
export function andThen<A, B>(value: Awaitable<A>, next: (value: A) => Awaitable<B>): Awaitable<B> {
  return isPromise(value) ? value.then(next) : next(value)
}

/** So many in one go: a list that is no longer waits for nobody. */
const STRETCH = 250

/** Asked before a stretch: lets the event loop turn where enough has been done; a promise, where it has to be waited for. */
export type Pace = () => Awaitable<void>

/** Whether a list is so long that the event loop turns on the way through it. */
export function isLong(count: number): boolean {
  return count > STRETCH
}

/** Does something with each of a list, with a few at a time where there is something to wait for. */
export function inSteps<A>(
  items: readonly A[],
  act: (item: A) => Awaitable<void>,
  pace?: Pace,
  from = 0,
): Awaitable<void> {
  for (let place = from; place < items.length; place++) {
    if (pace && place > from && place % STRETCH === 0) {
      const pause = pace()
      if (isPromise(pause)) return pause.then(() => inSteps(items, act, pace, place))
    }
    const first = act(items[place] as A)
    if (isPromise(first)) {
      const next = place + AT_ONCE
      const others = items.slice(place + 1, next).map((item) => attempt(act, item))
      return Promise.all([first, ...others]).then(() => inSteps(items, act, pace, next))
    }
  }
}

/** What throws must not leave the others of its step with nobody to hear of them. */
export function attempt<A, B>(map: (item: A) => Awaitable<B>, item: A): Awaitable<B> {
  try {
    return map(item)
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)))
  }
}
