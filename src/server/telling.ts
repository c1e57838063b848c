/** What there is to see of a user, encoded once for all who see as much of it. */
import { encodePresence } from '../core/codec.ts'
import type { PresenceView } from '../core/model.ts'
import { cover, type Sight } from '../core/visibility.ts'
import { seenBy } from './presence-of.ts'
import type { Telling } from './entities.ts'

/** @param view - as it is at any time */
export function createTelling(user: string, view: PresenceView): Telling {
  return { user, view, exact: null, others: null }
}

/** By this it is told whether two views differ for somebody who sees so much. */
export function textOf(telling: Telling, sight: Sight, time: number): string {
  const { user, view } = telling
  if (sight === 'exact') return (telling.exact ??= encodePresence(user, view))
  const others = (telling.others ??= {})
  return (others[sight] ??= encodePresence(user, cover(view, sight, time)))
}

/** The same as it goes out now. */
export function textAt(telling: Telling, sight: Sight, time: number): string {
  const { user, view } = telling
  if (view.lastSeen === null || view.lastSeen <= time) return textOf(telling, sight, time)
  return encodePresence(user, cover(seenBy(time, view), sight, time))
}
