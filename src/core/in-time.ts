/** An answer in time, or none. */
import type { Clock } from './clock.ts'

/**
 * Waits for an answer that may never come. One that never does keeps nothing alive that waited for it.
 *
 * @param late - what it rejects with after so long
 */
export function inTime<T>(
  answer: PromiseLike<T>,
  forMs: number,
  clock: Pick<Clock, 'setTimer'>,
  late: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(Math.max(0, forMs), () => {
      reject(late())
    })
    const settle =
      <V>(act: (value: V) => void) =>
      (value: V): void => {
        cancel()
        act(value)
      }
    answer.then(settle(resolve), settle(reject))
  })
}
