/**
 * What the users showed, one visible view after the other, as the storage took them; and where in this history a
 * connection stands that is told of them. A view may come again, so a record on the wire may belong to several
 * places; the earliest that is possible is taken, which forbids least.
 */
import type { UserRecord } from '../../src/core/record.ts'
import type { WirePresence } from '../../src/core/messages.ts'

/** What a record shows, in the terms of the wire; by the words of the protocol, not by the server's code. */
export function shownBy(user: string, record: UserRecord | null): WirePresence {
  const { sessions, choice, lastSeen, lastSeenAccuracy, reason } = record ?? NOBODY
  if (sessions.length === 0 || choice?.status === 'invisible') {
    return {
      user,
      status: 'offline',
      ...(lastSeen !== null && { lastSeen }),
      ...(lastSeenAccuracy !== null && lastSeenAccuracy !== 'exact' && { accuracy: lastSeenAccuracy }),
      ...(reason !== null && { reason }),
    }
  }
  const liveliest = sessions.some(({ activity }) => activity === 'online') ? 'online' : 'away'
  return {
    user,
    status: choice && choice.status !== 'auto' ? choice.status : liveliest,
    ...(choice?.text != null && { text: choice.text }),
  }
}

const NOBODY: UserRecord = {
  sessions: [],
  choice: null,
  lastSeen: null,
  lastSeenAccuracy: null,
  reason: null,
}

/** Whether a record on the wire shows this view. Last seen is cut to now, by a clock that is so far behind at most. */
export function shows(wire: WirePresence, view: WirePresence, behindMs: number): boolean {
  const sameInstant =
    wire.lastSeen === view.lastSeen ||
    (wire.lastSeen !== undefined &&
      view.lastSeen !== undefined &&
      wire.lastSeen < view.lastSeen &&
      wire.lastSeen >= view.lastSeen - behindMs)
  return (
    sameInstant &&
    wire.status === view.status &&
    wire.accuracy === view.accuracy &&
    wire.reason === view.reason &&
    wire.text === view.text
  )
}

/** The visible views of a user, the newest last, and since when. */
export interface History {
  readonly user: string
  readonly views: { readonly view: WirePresence; readonly at: number }[]
}

export function createHistory(user: string, now: number): History {
  return { user, views: [{ view: shownBy(user, null), at: now }] }
}

/** Adds a view if it shows something else than the one before. Says whether it did. */
export function addView({ views }: History, view: WirePresence, at: number): boolean {
  const last = newest({ views })
  if (shows(view, last.view, 0)) return false
  views.push({ view, at })
  return true
}

export function newest({ views }: Pick<History, 'views'>): History['views'][number] {
  return views.at(-1) as History['views'][number]
}

/** Where a connection stands in a user's history. */
export interface Place {
  /** The earliest view that its last record can be. */
  at: number
  /** The earliest view that the last change can have been that it was notified of. */
  notified: number
  last: WirePresence
}

export type Verdict = 'fine' | 'stepped back' | 'told twice'

/** Moves a connection's place on to a record that it is told. */
export function follow(
  { views }: History,
  place: Place | undefined,
  wire: WirePresence,
  isNotice: boolean,
  behindMs: number,
): Verdict | Place {
  const from = place?.at ?? 0
  const find = (least: number): number =>
    views.findIndex(({ view }, index) => index >= least && shows(wire, view, behindMs))
  const at = find(from)
  if (at < 0) return 'stepped back'
  if (!isNotice) return { at, notified: place?.notified ?? -1, last: wire }
  const notified = find(Math.max(from, (place?.notified ?? -1) + 1))
  return notified < 0 ? 'told twice' : { at: notified, notified, last: wire }
}
