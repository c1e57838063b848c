/**
 * Stands before an adapter that may hang or be down: an answer has its time, and after some failures in a row nothing is
 * asked for a while. So a database that is down costs a refusal, and not a pile of questions that wait for it.
 */
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { Clock } from '../../core/clock.ts'
import { PresenceError, type PresenceErrorCode } from '../../core/errors.ts'
import { inTime } from '../../core/in-time.ts'

/** So many failures in a row mean that it is down. */
const FAILURES = 5
/** How long it is left alone then; after that one question tries. */
const REST_MS = 1_000
/** An id that is none; settings that cannot be read. */
const WRONG: readonly PresenceErrorCode[] = ['BAD_ID', 'CONFIG']

/** Asks, and fails where there is no answer in time or the adapter is left alone. */
export type Guard = <T>(ask: () => Awaitable<T>) => Awaitable<T>

/**
 * @param what - how the adapter is called in errors
 * @param rests - `false`: it is always asked, for it may have kept what it answers
 */
export function createGuard(what: string, timeoutMs: number, clock: Clock, rests = true): Guard {
  let failures = 0
  let restsUntil = Number.NEGATIVE_INFINITY

  const succeed = <T>(value: T): T => {
    failures = 0
    restsUntil = Number.NEGATIVE_INFINITY
    return value
  }
  const fail = (error: unknown): never => {
    // What it gave was wrong, so it is there.
    if (error instanceof PresenceError && WRONG.includes(error.code)) throw succeed(error)
    if (rests && ++failures >= FAILURES) restsUntil = clock.now() + REST_MS
    throw error
  }

  const late = (): Error =>
    new PresenceError('TIMEOUT', `The ${what} adapter did not answer within ${timeoutMs} ms`)

  return (ask) => {
    if (clock.now() < restsUntil) {
      throw new PresenceError('UNAVAILABLE', `The ${what} adapter has failed ${failures} times in a row`)
    }
    // Whoever comes first after the rest tries; the others wait for what comes of it.
    if (failures >= FAILURES) restsUntil = clock.now() + REST_MS
    try {
      const answer = ask()
      if (!isPromise(answer)) return succeed(answer)
      const limited = timeoutMs === 0 ? answer : inTime(answer, timeoutMs, clock, late)
      return limited.then(succeed, fail)
    } catch (error) {
      return fail(error)
    }
  }
}
