/** What callers give, checked at the door. */
import { isUserId } from '../core/ids.ts'
import { configError, PresenceError } from '../core/errors.ts'
import { DEFAULT_LIMITS } from '../core/limits.ts'
import type { StatusChoice } from '../core/model.ts'
import type { SetStatusOptions } from './api.ts'

const CHOICES: readonly StatusChoice[] = ['online', 'away', 'busy', 'invisible', 'auto']

/** @throws {@link PresenceError} `BAD_ID` */
export function checkIds(ids: string | readonly string[]): readonly string[] {
  const list = typeof ids === 'string' ? [ids] : ids
  if (!list.every((id) => isUserId(id))) throw new PresenceError('BAD_ID', 'A user id is not one')
  return list
}

/** @throws {@link PresenceError} `CONFIG` */
export function checkChoice(status: StatusChoice, { text, expiresInMs }: SetStatusOptions): void {
  if (!CHOICES.includes(status)) throw configError('status', CHOICES.join(', '), status)
  const most = DEFAULT_LIMITS.statusTextLength
  const isText = text == null || (typeof text === 'string' && text.length <= most)
  if (!isText) throw configError('text', `null, or at most ${most} characters`, text)
  const isDuration = expiresInMs === undefined || (Number.isFinite(expiresInMs) && expiresInMs >= 0)
  if (!isDuration) throw configError('expiresInMs', 'a number of milliseconds', expiresInMs)
}
