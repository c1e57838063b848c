/** Works off what comes all at once a part at a time: in between the loop turns, and nobody else waits for the whole. */
import type { Clock } from '../../core/clock.ts'

/**
 * @param atOnce - so much is done in one turn of the loop
 * @returns what has a piece of work done: at once where there is little
 */
export function createPace(clock: Pick<Clock, 'defer'>, atOnce: number): (work: () => void) => void {
  let waiting: (() => void)[] = []
  let done = 0

  const goOn = (): void => {
    const due = waiting.slice(0, atOnce)
    waiting = waiting.slice(atOnce)
    done = due.length
    if (done > 0) clock.defer(goOn)
    for (const work of due) work()
  }

  return (work) => {
    if (done === 0) clock.defer(goOn)
    done++
    if (done <= atOnce && waiting.length === 0) work()
    else waiting.push(work)
  }
}
