/**
 * The presence record of a user: what the storage keeps, and what it shows. A user is online because at least one session is
 * live; never a counter. What changes do to it stands in record-change.ts.
 */
import type {
  LastSeenAccuracy,
  OfflineReason,
  PresenceStatus,
  PresenceView,
  SessionActivity,
  StatusChoice,
} from './model.ts'

/** One live session of a user. */
export interface SessionEntry {
  /** Never used again. */
  readonly id: string
  /** The incarnation of the node that holds it. */
  readonly node: string
  /** What it reports of itself. */
  readonly activity: SessionActivity
}

/** What the user chose to show. Both the choice and its text end together. */
export interface Choice {
  /** What is shown in place of what the sessions report. */
  readonly status: StatusChoice
  /** The user's own words; `null`: none. */
  readonly text: string | null
  /** Storage time at which it lapses; `null`: it holds until changed. */
  readonly until: number | null
}

/** What the storage keeps of a user. Plain JSON, never changed in place. */
export interface UserRecord {
  /** The live ones, those in grace among them. None: the user is offline. */
  readonly sessions: readonly SessionEntry[]
  /** `null`: the sessions speak for themselves. */
  readonly choice: Choice | null
  /** Storage time as of which that was chosen; left out: never. */
  readonly chosenAt?: number
  /** Storage time of the last proof of life that may be shown; `null`: never. */
  readonly lastSeen: number | null
  /** How exactly `lastSeen` is meant. */
  readonly lastSeenAccuracy: LastSeenAccuracy | null
  /** How the last session ended, as far as that may be shown. */
  readonly reason: OfflineReason | null
  /** Rises each time the application throws the user out; left out: never. */
  readonly kicked?: number
  /** Rises each time the application tells of a change of the user's contacts; left out: never. */
  readonly invalidated?: number
  /** Storage time until which it does not show that the user has come; left out: it shows. */
  readonly shownFrom?: number
}

/** The record of a user who has never connected. */
export const EMPTY_RECORD: UserRecord = Object.freeze({
  sessions: Object.freeze([]),
  choice: null,
  lastSeen: null,
  lastSeenAccuracy: null,
  reason: null,
})

/** What most show who are here: the same for all of them, for there is one for each who is watched. */
const PLAIN_VIEWS = {
  online: plainView('online'),
  away: plainView('away'),
  busy: plainView('busy'),
} as const

function plainView(status: PresenceStatus): PresenceView {
  return Object.freeze({
    status,
    lastSeen: null,
    lastSeenAccuracy: null,
    reason: null,
    statusText: null,
    stale: false,
  })
}

/** What the record shows at an instant of storage time. */
export function viewOf(record: UserRecord, now: number): PresenceView {
  const { choice } = record
  if (record.sessions.length === 0 || choice?.status === 'invisible' || record.shownFrom !== undefined) {
    return {
      status: 'offline',
      lastSeen: record.lastSeen === null ? null : Math.min(record.lastSeen, now),
      lastSeenAccuracy: record.lastSeenAccuracy,
      reason: record.reason,
      statusText: null,
      stale: false,
    }
  }
  const status = choice && choice.status !== 'auto' ? choice.status : liveliest(record.sessions)
  const plain = PLAIN_VIEWS[status]
  return choice?.text == null ? plain : { ...plain, statusText: choice.text }
}

/** Whether the user hides. */
export function isInvisible(record: UserRecord): boolean {
  return record.choice?.status === 'invisible'
}

function liveliest(sessions: readonly SessionEntry[]): SessionActivity {
  return sessions.some(({ activity }) => activity === 'online') ? 'online' : 'away'
}
