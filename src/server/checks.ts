/** What the application hands in beside the options, checked where it comes in. */
import { isUserId } from '../core/ids.ts'
import { configError, PresenceError } from '../core/errors.ts'
import type { Limits } from '../core/limits.ts'
import type { StatusChoice } from '../core/model.ts'
import type { Identity } from './machine.ts'

const CHOICES: readonly StatusChoice[] = ['online', 'away', 'busy', 'invisible', 'auto']
/** Ten years; what the protocol allows a client. */
const MAX_CHOICE_MS = 315_360_000_000
const LONE_SURROGATE = /[\ud800-\udfff]/u

/** A user id; throws `BAD_ID`. */
export function checkUserId(userId: unknown, idBytes: number): string {
  if (isUserId(userId, idBytes)) return userId
  const given = typeof userId === 'string' ? JSON.stringify(userId.slice(0, idBytes)) : typeof userId
  throw new PresenceError(
    'BAD_ID',
    `A user id is a well-formed string of 1 to ${idBytes} bytes; this is none: ${given}`,
  )
}

/** Who somebody is; throws for what is neither `null` nor an identity. */
export function checkIdentity(identity: Identity | null, idBytes: number): Identity | null {
  if (identity === null) return null
  checkUserId((identity as Partial<Identity> | undefined)?.userId, idBytes)
  const { expiresAt } = identity
  if (expiresAt === undefined || (typeof expiresAt === 'number' && !Number.isNaN(expiresAt))) return identity
  throw configError('expiresAt', 'a number of epoch milliseconds, or left out', expiresAt)
}

/** A choice of status that the application makes for a user; throws `CONFIG`. */
export function checkChoice(
  status: unknown,
  text: unknown,
  expiresInMs: unknown,
  { statusTextLength }: Pick<Limits, 'statusTextLength'>,
): void {
  if (!CHOICES.includes(status as StatusChoice)) throw configError('status', CHOICES.join(', '), status)
  const isText = typeof text === 'string' && text.length <= statusTextLength && !LONE_SURROGATE.test(text)
  if (text !== undefined && text !== null && !isText) {
    throw configError('text', `a well-formed string of at most ${statusTextLength} units, or null`, text)
  }
  const isDuration =
    Number.isInteger(expiresInMs) && (expiresInMs as number) >= 0 && (expiresInMs as number) <= MAX_CHOICE_MS
  if (expiresInMs !== undefined && !isDuration) {
    throw configError('expiresInMs', `a whole number from 0 to ${MAX_CHOICE_MS}`, expiresInMs)
  }
}
