/** A choice of status as a caller hands it in, on either half: what passes here no frame is refused for. */
import { configError } from './errors.ts'
import { isWellFormed } from './ids.ts'
import type { StatusChoice } from './model.ts'

/** Everything that can be chosen. */
export const STATUS_CHOICES: readonly StatusChoice[] = ['online', 'away', 'busy', 'invisible', 'auto']
/** The longest that a choice may hold: ten years. */
export const MAX_CHOICE_MS = 315_360_000_000

/** @throws {@link PresenceError} `CONFIG`, naming what cannot be chosen, what it takes and what was given */
export function checkChoice(
  status: unknown,
  text: unknown,
  expiresInMs: unknown,
  statusTextLength: number,
): void {
  if (!STATUS_CHOICES.includes(status as StatusChoice)) {
    throw configError('status', `one of ${STATUS_CHOICES.join(', ')}`, status)
  }
  if (text != null && !(typeof text === 'string' && text.length <= statusTextLength && isWellFormed(text))) {
    throw configError('text', `null, or a well-formed string of at most ${statusTextLength} units`, text)
  }
  if (expiresInMs === undefined) return
  if (typeof expiresInMs === 'number' && expiresInMs >= 0 && expiresInMs <= MAX_CHOICE_MS) return
  throw configError('expiresInMs', `a number of milliseconds from 0 to ${MAX_CHOICE_MS}`, expiresInMs)
}
