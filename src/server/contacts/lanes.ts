/**
 * Long lists in line: of many that come at once a few are gone through at a time, a stretch of one after the other, so that no turn
 * is long and what is known of each so far is soon done with.
 */
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { Clock } from '../../core/clock.ts'
import { attempt, type Pace } from './waiting.ts'

/** Of all long ones together so much before others have their turn: some 2 ms. */
const STRETCHES_IN_ONE_TURN = 4
/** After so much of one list those that began later go on: nobody waits for the whole of a hundred thousand. */
const STRETCHES_IN_ONE_GO = 40

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
