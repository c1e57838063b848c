/** Presence as the application sees it on the server. */
import { isOnline, type Presence, type PresenceView } from '../core/model.ts'

/** A view with the user's id. The version is the client's own count, so it is 0 here. */
export function presenceOf(userId: string, view: PresenceView): Presence {
  return Object.freeze({ userId, ...view, online: isOnline(view.status), version: 0 })
}
