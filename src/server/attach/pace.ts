/** Works off what comes all at once a part at a time: in between the loop turns, and nobody else waits for the whole. */
import type { Clock } from '../../core/clock.ts'

/**
 * @param atOnce - so much is done in one turn of the loop
 * @returns what has a piece of work done: at once where there is little
 */
export function createPace(clock: Pick<Clock, 'defer'>, atOnce: number): (work: () => void) => void {
  const waiting: (() => void)[] = []
  let done = 0

  const goOn = (): void => {
    done = 0
    if (waiting.length > 0) clock.defer(goOn)
    while (done < atOnce) {
      const work = waiting.shift()
      if (!work) return
      done++
      work()
    }
  }

  return (work) => {
    if (done === 0) clock.defer(goOn)
    done++
    if (done <= atOnce && waiting.length === 0) work()
    else waiting.push(work)
  }
}
