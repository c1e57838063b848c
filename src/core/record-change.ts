/**
 * How changes act on the presence record of a user.
 *
 * Every change names its session and is idempotent, so it can be applied again to whatever the storage holds by then. A change to
 * a session that is gone changes nothing: nothing comes back to life. (`open` is made once, by the node that holds the session,
 * and never after its `end`; session ids are never used again.)
 *
 * A choice with an end is in force until a change takes it out, and likewise a coming that does not show yet, so that
 * what a record shows never changes without a write: the node that holds the user writes `lapse` at its end, and every
 * later change does the same.
 */
import { addressOf, isUpTo } from './lease.ts'
import type { LastSeenAccuracy, OfflineReason, SessionActivity, StatusChoice } from './model.ts'
import { type Choice, EMPTY_RECORD, isInvisible, type SessionEntry, type UserRecord } from './record.ts'

/** A change to a user's record. */
export type RecordChange =
  | {
      readonly type: 'open'
      readonly session: SessionEntry
      readonly previous: string | null
      /** For so long it does not show, if the user comes by it; left out: it shows at once. */
      readonly unseenMs?: number
    }
  | { readonly type: 'activity'; readonly session: string; readonly activity: SessionActivity }
  | {
      readonly type: 'end'
      readonly session: string
      readonly reason: OfflineReason
      /** Storage time of the session's last proof of life. */
      readonly at: number
      readonly accuracy: LastSeenAccuracy
      /** Only where this incarnation still holds the session; left out: whoever does. */
      readonly node?: string
    }
  | {
      readonly type: 'choose'
      readonly status: StatusChoice
      /** `undefined`: as it was. */
      readonly text: string | null | undefined
      /** Storage time. */
      readonly until: number | null
      /** Storage time at which it was made: one that was held up changes nothing where a later one stands. */
      readonly at: number
    }
  /** `unseenMs`: for so long at most it does not show that somebody has come; what lies further ahead was put there by a clock that was stepped back since. */
  | { readonly type: 'lapse'; readonly unseenMs?: number }
  /** The storage has lost some of what a node knows of its own sessions, or holds some that are over. */
  | {
      readonly type: 'reconcile'
      /** That node's address. */
      readonly address: string
      /** Its live sessions of this user, all of them. */
      readonly sessions: readonly SessionEntry[]
      /** What stood there before it was lost; `null`: nothing was. */
      readonly lost: UserRecord | null
      /**
       * Sessions that stand there again because their end was lost, as they stood there: whom their node has put back under a
       * later name since has come back to life before.
       */
      readonly over: readonly SessionEntry[]
    }
  | { readonly type: 'kick' | 'invalidate' }
  /** Everything that is known of the user, their sessions among it. */
  | { readonly type: 'forget' }

/** What lies further ahead than this was not written by a clock that runs a little ahead: the storage's was stepped back. */
const CLOCK_SLACK_MS = 1_000

/** Applies a change. Gives the same record back when it changes nothing. */
export function applyChange(record: UserRecord, change: RecordChange, now: number): UserRecord {
  const current = lapse(record, now)
  switch (change.type) {
    case 'open':
      return openSession(current, change, now)
    case 'activity':
      return setActivity(current, change.session, change.activity)
    case 'end':
      return endSession(current, change, record.shownFrom ?? change.at)
    case 'choose':
      // A choice may have ended before it got here.
      return lapse(choose(current, change, now), now)
    case 'lapse':
      return (current.shownFrom ?? 0) > now + (change.unseenMs ?? Number.POSITIVE_INFINITY)
        ? shown(current)
        : current
    case 'reconcile':
      return reconcile(current, change, now)
    case 'kick':
      return amend(current, { kicked: raise(current.kicked, now) })
    case 'invalidate':
      return amend(current, { invalidated: raise(current.invalidated, now) })
    case 'forget':
      return forget(current, now)
  }
}

/** Whether nothing of the user's sessions shows: they hide, or have just come. */
function isUnseen(record: UserRecord): boolean {
  return isInvisible(record) || record.shownFrom !== undefined
}

function lapse(record: UserRecord, now: number): UserRecord {
  const until = record.choice?.until ?? Number.POSITIVE_INFINITY
  const left = now < until ? record : amend(record, { choice: null })
  return now < (left.shownFrom ?? Number.POSITIVE_INFINITY) ? left : shown(left)
}

function shown(record: UserRecord): UserRecord {
  const { shownFrom, ...rest } = record
  return shownFrom === undefined ? record : amend(rest)
}

function openSession(
  record: UserRecord,
  { session, previous, unseenMs = 0 }: Extract<RecordChange, { type: 'open' }>,
  now: number,
): UserRecord {
  if (record.sessions.length === 0 && unseenMs > 0)
    return amend(record, { sessions: [session], shownFrom: now + unseenMs })
  const others = record.sessions.filter(({ id }) => id !== previous || id === session.id)
  // Applied again to what it has made already, it still takes the previous one out, which may be back by the same way.
  if (!others.some(({ id }) => id === session.id)) return amend(record, { sessions: others.concat(session) })
  return others.length === record.sessions.length ? record : amend(record, { sessions: others })
}

function setActivity(record: UserRecord, session: string, activity: SessionActivity): UserRecord {
  if (!record.sessions.some((entry) => entry.id === session && entry.activity !== activity)) return record
  const sessions = record.sessions.map((entry) =>
    entry.id === session ? { id: entry.id, node: entry.node, activity } : entry,
  )
  return amend(record, { sessions })
}

/** Who has gone before `shownFrom` has not been there. */
function endSession(
  record: UserRecord,
  end: Extract<RecordChange, { type: 'end' }>,
  shownFrom: number,
): UserRecord {
  const isOver = ({ id, node }: SessionEntry) =>
    id === end.session && (end.node === undefined || isUpTo(node, end.node))
  const sessions = record.sessions.filter((session) => !isOver(session))
  if (sessions.length === record.sessions.length) return record
  const left = amend(record, { sessions })
  const rest = sessions.length === 0 ? shown(left) : left
  return isInvisible(record) || end.at < shownFrom
    ? rest
    : raiseLastSeen(rest, end.at, end.reason, end.accuracy)
}

/** What remains are the marks by which all nodes hear of it, and the time: nothing that was chosen before is put back. */
function forget({ kicked, invalidated }: UserRecord, now: number): UserRecord {
  return amend(EMPTY_RECORD, {
    chosenAt: now,
    kicked: raise(kicked, now),
    invalidated: raise(invalidated, now),
  })
}

/** Above what it was, also where the record is gone meanwhile that held it. */
function raise(mark = 0, now: number): number {
  return Math.max(mark + 1, now)
}

/** Of its own sessions a node is the truth. Who has none left was last seen by what was lost, or nobody knows when. */
function reconcile(
  record: UserRecord,
  { address, sessions, lost, over }: Extract<RecordChange, { type: 'reconcile' }>,
  now: number,
): UserRecord {
  const own = new Set(sessions.map(({ id }) => id))
  const isOver = ({ id, node }: SessionEntry) => over.some((one) => one.id === id && isUpTo(node, one.node))
  const isOthers = ({ id, node }: SessionEntry) => !own.has(id) && addressOf(node) !== address
  const others = record.sessions.filter((entry) => isOthers(entry) && !isOver(entry))
  const all = [...others, ...sessions]
  const restored = lost ? restore(record, lost, now) : record
  if (restored === record && sameSessions(all, record.sessions)) return record
  const amended = amend(restored, { sessions: all })
  const next = all.length === 0 ? shown(amended) : amended
  const isGone = all.length === 0 && record.sessions.length > 0 && !isUnseen(restored)
  return isGone && !lost ? raiseLastSeen(next, now, 'drop', 'approximate') : next
}

/** What the user chose must not be lost with it: one who hides would show. */
function restore(record: UserRecord, lost: UserRecord, now: number): UserRecord {
  const { kicked = 0, invalidated = 0, shownFrom = 0 } = lost
  const { choice, chosenAt } = isOutdated(lost.chosenAt ?? 0, record, now) ? record : lost
  const counted = amend(record, {
    choice,
    ...(chosenAt !== undefined && { chosenAt }),
    ...(kicked > (record.kicked ?? 0) && { kicked }),
    ...(invalidated > (record.invalidated ?? 0) && { invalidated }),
    ...(shownFrom > now && { shownFrom }),
  })
  if (lost.lastSeen === null || lost.lastSeen < (record.lastSeen ?? 0)) return counted
  const { lastSeen, lastSeenAccuracy, reason } = lost
  return amend(counted, { lastSeen, lastSeenAccuracy, reason })
}

function sameSessions(a: readonly SessionEntry[], b: readonly SessionEntry[]): boolean {
  const same = (one: SessionEntry, other: SessionEntry | undefined): boolean =>
    one.id === other?.id && one.node === other.node && one.activity === other.activity
  return a.length === b.length && a.every((entry) => b.some((other) => same(entry, other)))
}

/** Hiding looks like a leave at this moment, and last seen stays there. */
function choose(
  record: UserRecord,
  change: Extract<RecordChange, { type: 'choose' }>,
  now: number,
): UserRecord {
  const { status, until, at } = change
  if (isOutdated(at, record, now)) return record
  const text = change.text === undefined ? (record.choice?.text ?? null) : change.text
  const choice = status === 'auto' && text === null ? null : { status, text, until }
  if (at === record.chosenAt && sameChoice(choice, record.choice)) return record
  const next = amend(record, { choice, chosenAt: at })
  const hides = status === 'invisible' && !isUnseen(record) && record.sessions.length > 0
  return hides ? raiseLastSeen(next, now, 'leave', 'exact') : next
}

/** Whether a later choice stands there. */
function isOutdated(at: number, { chosenAt = 0 }: UserRecord, now: number): boolean {
  return at < chosenAt && chosenAt <= now + CLOCK_SLACK_MS
}

/** A later proof of life replaces an earlier one, never the other way round; the reason is that of the last end. */
function raiseLastSeen(
  record: UserRecord,
  at: number,
  reason: OfflineReason,
  accuracy: LastSeenAccuracy,
): UserRecord {
  return record.lastSeen === null || at >= record.lastSeen
    ? amend(record, { lastSeen: at, lastSeenAccuracy: accuracy, reason })
    : amend(record, { reason })
}

function sameChoice(a: Choice | null, b: Choice | null): boolean {
  return a?.status === b?.status && a?.text === b?.text && a?.until === b?.until
}

/**
 * The record with these parts in place of its own; what a newer version has put there stays. It begins as the empty one each time: V8
 * gives what comes of `{ ...record, sessions }` a shape of its own for each time that the record was changed before, until it gives up
 * after the fourth; and for each of them all code that reads records is compiled anew. That was a third of a server's first bursts.
 */
function amend(record: UserRecord, parts: Partial<UserRecord> = {}): UserRecord {
  return { ...EMPTY_RECORD, ...record, ...parts }
}
