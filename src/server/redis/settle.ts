/** An answer in time, or an error: what is asked of Redis ends either way. */
import type { Clock } from '../../core/clock.ts'
import { inTime } from '../../core/in-time.ts'
import { PresenceError } from '../../core/errors.ts'

/** What became of a command. */
export type Outcome =
  | { readonly error: null; readonly reply: unknown; readonly repliedAt: number }
  | { readonly error: PresenceError }

/** Waits for all of them; what has no reply at `until` has failed. */
export function settleBy(
  replies: readonly Promise<unknown>[],
  until: number,
  clock: Clock,
): Promise<Outcome[]> {
  return new Promise((resolve) => {
    const outcomes: Outcome[] = replies.map(() => failed(timedOut()))
    let left = replies.length
    // A copy: what comes later changes nothing that was given out.
    const finish = (): void => {
      cancel()
      resolve([...outcomes])
    }
    const cancel = clock.setTimer(Math.max(0, until - clock.now()), finish)
    const settle = (place: number, outcome: Outcome): void => {
      outcomes[place] = outcome
      if (--left === 0) finish()
    }
    for (const [place, reply] of replies.entries()) {
      reply.then(
        (value) => {
          settle(place, { error: null, reply: value, repliedAt: clock.now() })
        },
        (error: unknown) => {
          settle(place, failed(asPresenceError(error)))
        },
      )
    }
    if (left === 0) finish()
  })
}

/** Waits for what may not come. */
export async function within<T>(promise: Promise<T>, until: number, clock: Clock): Promise<T> {
  try {
    return await inTime(promise, until - clock.now(), clock, timedOut)
  } catch (error) {
    throw asPresenceError(error)
  }
}

function failed(error: PresenceError): Outcome {
  return { error }
}

/** The error of what took too long. */
export function timedOut(): PresenceError {
  return new PresenceError('TIMEOUT', 'Redis did not answer in time')
}

/** ioredis tells a command that timed out by its message alone. */
function asPresenceError(error: unknown): PresenceError {
  if (error instanceof PresenceError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (message === 'Command timed out') return timedOut()
  return new PresenceError('UNAVAILABLE', `Redis: ${message}`, { cause: error })
}
