/** What callers give, checked at the door. */
import { isUserId } from '../core/ids.ts'
import { PresenceError } from '../core/errors.ts'

/** @throws {@link PresenceError} `BAD_ID` */
export function checkIds(ids: string | readonly string[]): readonly string[] {
  const list = typeof ids === 'string' ? [ids] : ids
  if (!list.every((id) => isUserId(id))) throw new PresenceError('BAD_ID', 'A user id is not one')
  return list
}
