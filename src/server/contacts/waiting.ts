/** Going on with answers that may be there at once: then no promise is made, and no turn of the event loop passes. */
import { type Awaitable, isPromise } from '../../core/awaitable.ts'

/** So much is asked at once of an adapter that has to be asked one by one. */
const AT_ONCE = 32

/** Goes on with a value, at once where it is there. */
export function andThen<A, B>(value: Awaitable<A>, next: (value: A) => Awaitable<B>): Awaitable<B> {
  return isPromise(value) ? value.then(next) : next(value)
}

/** Maps a list, a few at a time where there is something to wait for. */
export function inSteps<A, B>(
  items: readonly A[],
  map: (item: A) => Awaitable<B>,
  results: B[] = [],
): Awaitable<B[]> {
  for (let place = results.length; place < items.length; place++) {
    const first = attempt(map, items[place] as A)
    if (isPromise(first)) {
      const others = items.slice(place + 1, place + AT_ONCE).map((item) => attempt(map, item))
      return Promise.all([first, ...others]).then((values) => {
        results.push(...values)
        return inSteps(items, map, results)
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
