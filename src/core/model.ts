/** The words of presence that both halves speak. Plain types, no behaviour. */

/** What a watcher sees of a user. `unknown`: nothing may or can be said. */
export type PresenceStatus = 'online' | 'away' | 'busy' | 'offline' | 'unknown'

/** What one session reports of itself: in use, or idle. */
export type SessionActivity = 'online' | 'away'

/** What a user may choose to show. `auto` gives the choice back to the sessions. */
export type StatusChoice = 'online' | 'away' | 'busy' | 'invisible' | 'auto'

/** Why a user is offline: said goodbye, heartbeat ran out, connection lost, or their node died. */
export type OfflineReason = 'leave' | 'expire' | 'drop' | 'node'

/** How exactly `lastSeen` is meant. */
export type LastSeenAccuracy = 'exact' | 'approximate' | 'minute' | 'recently' | 'week' | 'month'

/** The visible part of a presence record, as the servers compute it and the wire carries it. */
export interface PresenceView {
  /** What the user is, as far as this watcher may know. */
  readonly status: PresenceStatus
  /** Server time in epoch milliseconds; `null` while online, never seen, or hidden. */
  readonly lastSeen: number | null
  /** With `recently`, `week` and `month` the instant itself stays hidden; `null` where nothing is said of it. */
  readonly lastSeenAccuracy: LastSeenAccuracy | null
  /** Why the user is offline; `null` wherever `lastSeen` is hidden. */
  readonly reason: OfflineReason | null
  /** The user's own words, shown only while they are online. */
  readonly statusText: string | null
  /** The last known value: the link or the storage is down. */
  readonly stale: boolean
}

/** What a watcher sees of a user. Frozen; the same object until it changes. */
export interface Presence extends PresenceView {
  /** Whose presence it is. */
  readonly userId: string
  /** `true` for `online`, `away` and `busy`. */
  readonly online: boolean
  /** The client's own count of visible changes. Survives reconnects, never falls. */
  readonly version: number
}

/** What a user sees of their own presence, on each of their sessions. */
export interface OwnPresence {
  /** What others see: `offline` while invisible. */
  readonly status: PresenceStatus
  /** The user's choice, `auto` if none. */
  readonly chosen: StatusChoice
  /** The user's own words; `null`: none. */
  readonly statusText: string | null
  /** Milliseconds until the choice lapses, as of the moment it was told; `null`: it holds until changed. */
  readonly expiresInMs: number | null
}

/** The view of somebody of whom nothing may or can be said, whether they exist or not. */
export const UNKNOWN_VIEW: PresenceView = Object.freeze({
  status: 'unknown',
  lastSeen: null,
  lastSeenAccuracy: null,
  reason: null,
  statusText: null,
  stale: false,
})

/** Whether a status counts as being online. */
export function isOnline(status: PresenceStatus): boolean {
  return status === 'online' || status === 'away' || status === 'busy'
}

/** Whether two views show the same. */
export function sameView(a: PresenceView, b: PresenceView): boolean {
  return (
    a.status === b.status &&
    a.lastSeen === b.lastSeen &&
    a.lastSeenAccuracy === b.lastSeenAccuracy &&
    a.reason === b.reason &&
    a.statusText === b.statusText &&
    a.stale === b.stale
  )
}
