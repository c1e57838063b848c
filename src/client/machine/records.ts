/**
 * What is known of users: one frozen object each, the same until something visible changes.
 *
 * A record that nobody keeps up to date any more (the connection is lost, or nobody watches the user) fades:
 * first it is `stale`, later `unknown`, never `offline`, which would be a claim. Whatever the server says next is
 * compared with what is shown, so that only a difference wakes anybody.
 */
import { isOnline, type Presence, type PresenceView, sameView, UNKNOWN_VIEW } from '../../core/model.ts'
import type { Sink } from './turn.ts'

/** All that is known. Changed in place. */
export interface Records {
  readonly staleAfterMs: number
  readonly unknownAfterMs: number
  /** By user. Entries stay, for `version` must never fall. */
  readonly users: Map<string, KnownUser>
  /** Not before this has anybody to fade further. */
  fadeAt: number
}

interface KnownUser {
  presence: Presence
  /** As the server last told it; `null`: never. */
  told: PresenceView | null
  /** Since when nobody keeps it up to date; `null`: it is kept. */
  fadingSince: number | null
  /** Online or offline, as the server last said of a user of whom it said either. */
  wasOnline: boolean | null
}

/** A visible change. */
export interface RecordAction {
  readonly type: 'changed'
  readonly presence: Presence
  readonly previous: Presence
  /** Which transition the server has told of with it. */
  readonly transition: 'online' | 'offline' | null
}

/** Nothing is known of anybody. */
export function createRecords(settings: Pick<Records, 'staleAfterMs' | 'unknownAfterMs'>): Records {
  return { ...settings, users: new Map(), fadeAt: Infinity }
}

/** The presence of a user; of one never heard of the same `unknown` one each time. */
export function presenceOf(records: Records, userId: string): Presence {
  return entryOf(records, userId).presence
}

/** The presence of a user of whom nothing has been heard. */
export function unknownPresence(userId: string): Presence {
  return Object.freeze({ userId, online: false, version: 0, ...UNKNOWN_VIEW })
}

/** What the server says of a user now. */
export function learn(records: Records, userId: string, view: PresenceView, out: Sink<RecordAction>): void {
  const user = entryOf(records, userId)
  user.told = view
  user.fadingSince = null
  show(user, view, transitionOf(user, view), out)
}

/** The server cannot say at present; what was known stands until it can. */
export function doubt(records: Records, userId: string, out: Sink<RecordAction>): void {
  const user = records.users.get(userId)
  if (user?.told) show(user, { ...user.told, stale: true }, null, out)
}

/** All that the server keeps us told of is but the last known, or is so no more. */
export function markStale(records: Records, stale: boolean, out: Sink<RecordAction>): void {
  for (const user of records.users.values())
    if (user.told && user.fadingSince === null) {
      user.told = { ...user.told, stale }
      show(user, user.told, null, out)
    }
}

/** From now on nobody keeps this user's record up to date. */
export function beginFading(records: Records, userId: string, now: number): void {
  const user = records.users.get(userId)
  if (user?.told && user.fadingSince === null) {
    user.fadingSince = now
    records.fadeAt = Math.min(records.fadeAt, now + records.staleAfterMs)
  }
}

/** From now on nobody keeps any record up to date. */
export function beginFadingAll(records: Records, now: number): void {
  for (const userId of records.users.keys()) beginFading(records, userId, now)
}

/** Shows what has become of the records that fade. To be called at `fadeAt`; earlier it does nothing. */
export function fade(records: Records, now: number, out: Sink<RecordAction>): void {
  if (now < records.fadeAt) return
  records.fadeAt = Infinity
  for (const user of records.users.values()) {
    if (user.told && user.fadingSince !== null)
      fadeUser(records, user, user.told, now - user.fadingSince, out)
  }
}

const nowhere: Sink<RecordAction> = { push: () => undefined }

/** Nothing is known any more, and nobody is told. */
export function forgetAll(records: Records): void {
  for (const user of records.users.values()) {
    user.fadingSince = user.told = null
    show(user, UNKNOWN_VIEW, null, nowhere)
  }
  records.fadeAt = Infinity
}

function fadeUser(
  records: Records,
  user: KnownUser,
  told: PresenceView,
  fadedMs: number,
  out: Sink<RecordAction>,
): void {
  const { staleAfterMs, unknownAfterMs } = records
  const isGone = fadedMs >= unknownAfterMs
  if (fadedMs >= staleAfterMs) show(user, { ...(isGone ? UNKNOWN_VIEW : told), stale: true }, null, out)
  if (isGone) return
  const nextMs = fadedMs >= staleAfterMs ? unknownAfterMs : staleAfterMs
  records.fadeAt = Math.min(records.fadeAt, (user.fadingSince ?? 0) + nextMs)
}

function entryOf({ users }: Records, userId: string): KnownUser {
  let user = users.get(userId)
  if (!user) {
    user = { presence: unknownPresence(userId), told: null, fadingSince: null, wasOnline: null }
    users.set(userId, user)
  }
  return user
}

/** Told against told: what was shown in between, stale or unknown, was never a transition. */
function transitionOf(user: KnownUser, { status }: PresenceView): RecordAction['transition'] {
  if (status === 'unknown') return null
  const { wasOnline } = user
  user.wasOnline = isOnline(status)
  if (wasOnline === null || wasOnline === user.wasOnline) return null
  return user.wasOnline ? 'online' : 'offline'
}

function show(
  user: KnownUser,
  view: PresenceView,
  transition: RecordAction['transition'],
  out: Sink<RecordAction>,
): void {
  const previous = user.presence
  if (sameView(previous, view)) return
  const { userId, version } = previous
  user.presence = Object.freeze({ userId, online: isOnline(view.status), version: version + 1, ...view })
  out.push({ type: 'changed', presence: user.presence, previous, transition })
}
