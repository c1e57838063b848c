/** Presence as the application sees it on the server. */
import { isOnline, type Presence, type PresenceView } from '../core/model.ts'

/**
 * A last seen that lies in the future, by a clock that was put back, is shown as now. That now goes on is no change:
 * so views are compared as they are at any time, and cut to the present where they go out.
 */
export const AT_ANY_TIME = Number.POSITIVE_INFINITY

/** Nobody was last seen in the future. */
export function seenBy(time: number, view: PresenceView): PresenceView {
  return view.lastSeen !== null && view.lastSeen > time ? { ...view, lastSeen: time } : view
}

/** A view with the user's id. The version is the client's own count, so it is 0 here. */
export function presenceOf(userId: string, view: PresenceView): Presence {
  return Object.freeze({ userId, ...view, online: isOnline(view.status), version: 0 })
}
