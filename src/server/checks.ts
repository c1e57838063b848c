/** What the application hands in beside the options, checked where it comes in. */
import { isUserId } from '../core/ids.ts'
import { configError, PresenceError } from '../core/errors.ts'
import type { Identity, Verdict } from './machine.ts'

/** A user id; throws `BAD_ID`. */
export function checkUserId(userId: unknown, idBytes: number): string {
  if (isUserId(userId, idBytes)) return userId
  const given = typeof userId === 'string' ? JSON.stringify(userId.slice(0, idBytes)) : typeof userId
  throw new PresenceError(
    'BAD_ID',
    `A user id is a well-formed string of 1 to ${idBytes} bytes; this is none: ${given}`,
  )
}

/** What `authenticate` says; throws for what is none of its answers. */
export function checkVerdict(verdict: Verdict, idBytes: number): Verdict {
  return verdict === 'banned' ? verdict : checkIdentity(verdict, idBytes)
}

/** Who somebody is; throws for what is neither `null` nor an identity. */
export function checkIdentity(identity: Identity | null, idBytes: number): Identity | null {
  if (identity === null) return null
  checkUserId((identity as Partial<Identity> | undefined)?.userId, idBytes)
  const { expiresAt } = identity
  if (expiresAt === undefined || (typeof expiresAt === 'number' && !Number.isNaN(expiresAt))) return identity
  throw configError('expiresAt', 'a number of epoch milliseconds, or left out', expiresAt)
}
