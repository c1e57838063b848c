/** An answer in time, or an error of ours. */
import type { Clock } from '../../core/clock.ts'
import { PresenceError } from '../../core/errors.ts'
import { inTime } from '../../core/in-time.ts'

/** What PostgreSQL says of a statement that took longer than `statement_timeout`. */
const QUERY_CANCELED = '57014'

/** Waits for what may not come. */
export async function within<T>(promise: Promise<T>, until: number, clock: Clock): Promise<T> {
  try {
    return await inTime(promise, until - clock.now(), clock, timedOut)
  } catch (error) {
    throw asPresenceError(error)
  }
}

function timedOut(): PresenceError {
  return new PresenceError('TIMEOUT', 'PostgreSQL did not answer in time')
}

/** What `pg` says, as an error of ours. Its own message may name a user; it stays beneath. */
export function asPresenceError(error: unknown): PresenceError {
  if (error instanceof PresenceError) return error
  const { code } = (error ?? {}) as { readonly code?: unknown }
  const isTimeout = code === QUERY_CANCELED
  const what = typeof code === 'string' ? `PostgreSQL failed: ${code}` : 'PostgreSQL failed'
  return new PresenceError(isTimeout ? 'TIMEOUT' : 'UNAVAILABLE', what, { cause: error })
}
