/**
 * Changes of a session that have not been sent yet: one a user, so they are no more than it watches. A newer one takes the
 * place of the older, but what was seen before stays that of the first.
 *
 * Between two frames most are told of each user once. So they are a list, and are filed by user only when somebody may be in
 * there already: in a burst a `Map` for each session is an eighth of the cost of a notification.
 */
import type { Change, Pending } from './entities.ts'

const NONE: Change[] = []

export function createPending(since: number): Pending {
  return { since, list: NONE, byUser: null }
}

/**
 * Puts one in.
 *
 * @param toldBefore - the number of the telling before this one of the same user; `null`: it is not known
 */
export function keep(pending: Pending, change: Change, toldBefore: number | null): void {
  if (pending.byUser === null && toldBefore !== null && toldBefore < pending.since) {
    // Most are alone, and a list that grows makes room for seventeen.
    if (pending.list === NONE) pending.list = [change]
    else pending.list.push(change)
  } else {
    const byUser = (pending.byUser ??= filed(pending))
    const waiting = byUser.get(change.user)
    byUser.set(change.user, waiting ? { ...change, before: waiting.before } : change)
  }
}

/** All of them, in the order of their users' first. */
export function changesIn({ list, byUser }: Pending): readonly Change[] {
  return byUser ? [...byUser.values()] : list
}

function filed(pending: Pending): Map<string, Change> {
  const byUser = new Map(pending.list.map((change) => [change.user, change]))
  pending.list = NONE
  return byUser
}
