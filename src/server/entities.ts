/** Sessions, users, who is watched, and what is waited for: the parts of a node's state, as plain data. */
import type { ServerHeartbeat } from '../core/heartbeat.ts'
import type { PresenceView, SessionActivity } from '../core/model.ts'
import type { RecordChange } from '../core/record-change.ts'
import type { Version, VersionedRecord } from '../core/version.ts'
import type { Sight } from '../core/visibility.ts'
import type { ConnectionId, Identity, RequestId } from './machine.ts'
import type { RateMeter } from './meter.ts'
import type { SightTable } from './sight-table.ts'
import type { Sights } from './sights.ts'
import type { StoredRecord } from './storage/contract.ts'
import type { Timed } from './wheel.ts'

/**
 * The life of a session.
 *
 * phase          | ends with
 * ---------------|------------------------------------------------------------------------
 * hello          | the hello frame, or its deadline
 * authenticating | the answer of `authenticate`, or its deadline
 * welcomed       | the first PRESENCE_UPDATE
 * announcing     | the storage holds the session
 * live           | goodbye, expiry, a kick (→ ended) or a lost connection (→ grace)
 * grace          | its deadline, or the next session of the same tab that names it as `previous`
 * ended          | for good
 */
export type SessionPhase = 'hello' | 'authenticating' | 'welcomed' | 'announcing' | 'live' | 'grace' | 'ended'

export interface Session extends Timed {
  readonly kind: 'session'
  readonly id: string
  readonly connection: ConnectionId
  /** Whom the application vouches for; `null`: a token must tell. */
  readonly vouched: Identity | null
  phase: SessionPhase
  user: User | null
  /** The session that this one continues. */
  previous: string | null
  /** What it last reported of itself. */
  activity: SessionActivity
  /** Somebody took it out of its user's record. Only a sign of life puts it back. */
  doubted: boolean
  /** Its announcement, while that waits for this sign of life. */
  parked: QueuedChange | null
  /** When it said goodbye, while that is kept back; storage time. */
  goodbyeAt: number | null
  /** When `phase` ends by itself; monotonic. */
  phaseEndsAt: number | null
  /** When the session is sent away; monotonic. `null`: the node does not drain. */
  sentAwayAt: number | null
  /** `null`: its token does not expire. */
  expiry: TokenExpiry | null
  /** A new token is being judged; `next`: one that came meanwhile. */
  renewal: { readonly next: string | null } | null
  readonly heartbeat: ServerHeartbeat
  readonly frames: RateMeter
  /** `null`: none so far. */
  faults: RateMeter | null
  floods: RateMeter | null
  /** Frames that came before the session was ready for them, in order. */
  early: readonly string[]
  /** Users subscribed to by id, by the numbers of what is known of them as watched, and how much of them may be seen. */
  subscriptions: SightTable | null
  watchesRoster: boolean
  /** Questions under way, which must not be answered with less than was pushed meanwhile. */
  queries: readonly Query[]
  /** Frames for this session alone that go out with the next turn. */
  along: readonly string[]
  /** Changes not sent yet; `null`: none. */
  pending: Pending | null
  /** Answers on their way out, page by page as the socket takes them. */
  answers: readonly Answer[]
  /** The socket holds more than it should: nothing is sent before this time looks at it again; monotonic. */
  congestedUntil: number
}

/** The end of a token, and when to ask for the next one; monotonic. */
export interface TokenExpiry {
  readonly at: number
  readonly renewAt: number
  isAsked: boolean
}

/** Changes of a session that have not been sent yet. */
export interface Pending {
  /** The number of the telling that the first of them belongs to. */
  readonly since: number
  list: Change[]
  /** `null`: nobody can be in the list twice. */
  byUser: Map<string, Change> | null
}

/** A change of what a watcher sees of a user, the same object for all to whom it is the same. */
export interface Change {
  readonly user: string
  /** What was seen before, and what is to be seen; encoded. */
  readonly before: string
  readonly update: string
  /** The same as it goes out. */
  readonly text: string
  /** What all that is to be seen is. */
  readonly view: PresenceView
  readonly version: Version
}

/** A user as this node knows them: one of its own, or one with work under way. */
export interface User extends Timed {
  readonly kind: 'user'
  readonly id: string
  /** The same as where they are watched, and that of nobody else; see `freshNumber`. */
  readonly number: number
  /** Listed: those of whom the user may watch as a whole, while one of their sessions does, as far as they are watched already. The rest is of who is watched, see {@link Watched.viewers}. */
  readonly viewers: SightTable
  /** Those of this node, in grace too. */
  sessions: readonly Session[]
  /** The record as last read or written here. */
  known: VersionedRecord | null
  /** Since when; monotonic. */
  knownAt: number
  /** The record has been read, and was not held against the sessions here, for something waited to be written. */
  unchecked: boolean
  /** The presence service's work on this user. */
  work: 'idle' | 'reading' | 'swapping' | 'held'
  queue: readonly QueuedChange[]
  /** So many of them, from the first on, are on their way into the storage. */
  proposed: number
  /** Published changes, for the limit of flapping. */
  readonly changes: RateMeter
  /** What the known record shows at any time. */
  view: PresenceView
  /** It has changed since the watchers were told. */
  untold: boolean
  /** Written, and no answer came: it may stand in the storage. */
  unanswered: Proposal | null
  /** What is written next has a greater version than this: watchers have seen what the storage has lost. */
  floor: number
  /** Sessions end here as soon as it is certain what the storage has lost. */
  heldEnds: readonly QueuedChange[]
  /** How far the mark of being thrown out had risen when it was last looked at; likewise that of changes of contacts. */
  kicked: number
  invalidated: number
  /** Kept until then though nobody is here: a failover could bring back what stood before; monotonic. */
  keptUntil: number
  /** A fan-out is under way, or waits to be tried again. */
  fanout: 'none' | 'running' | 'failed'
  /** What this user was last told of themself. */
  self: string
  /** One of their sessions watches whom they may as a whole, and it is known who that is. */
  hasRoster: boolean
  /** The newest question about the roster that is under way; those before it do not count. */
  rosterReview: ReviewRoster | null
  /** It could not be found out what changed for this viewer. */
  reviewFailed: boolean
  /** When it is looked at again whom this viewer sees, though nobody told of a change; monotonic. */
  judgeAt: number
  /** When held or failed work is tried again; monotonic. `null`: there is none. */
  retryAt: number | null
}

/** A change on its way into the storage, and who waits for it. */
export interface QueuedChange {
  readonly change: RecordChange
  readonly waiter: Waiter | null
  /** Whatever it ended may have gone already, for all to see: it was written, and no answer came, or others may have ended it. */
  readonly mayBeDone?: boolean
}

/** Who is told when a change stands in the storage. */
export type Waiter =
  | { readonly type: 'announcement'; readonly session: Session; readonly ref: number | undefined }
  | { readonly type: 'update'; readonly session: Session; readonly ref: number }
  | { readonly type: 'command'; readonly request: RequestId }
  | { readonly type: 'reaped'; readonly incarnation: string; readonly session: string }

/** A user who is watched here, and what their watchers were told. */
export interface Watched {
  readonly id: string
  readonly number: number
  /** Users of this node with a session that wants to know, by their numbers, and how much each sees by their roster; `nothing`: it is not in there. The same table as that of the user, where they are here. */
  readonly viewers: SightTable
  /** What watchers were last told, as far as each may see it; `null`: nothing yet. */
  version: Version
  told: Telling | null
  /** The number of the last telling of this user to watchers here, or of the last of anybody before they were watched. */
  toldAt: number
  /** Whom an answer has shown something else since, and what; `null`: nobody. */
  strays: Map<Session, Shown> | null
  /** The number of the contacts' change as of which the viewers were judged. */
  invalidated: number
}

/** What there is to see of a user, and the same encoded for those who see so much of it. */
export interface Telling {
  readonly user: string
  readonly view: PresenceView
  exact: string | null
  /** `null`: nobody sees less. */
  others: { [sight in Sight]?: string } | null
}

/** What an answer has shown. */
export interface Shown {
  readonly version: Version
  readonly text: string
}

/** A question about users: who asks, whom about, and what is known of the answer so far. */
export interface Query {
  readonly kind: 'subscribe' | 'roster' | 'fetch' | 'get'
  /** `null`: the application itself. */
  readonly session: Session | null
  /** Through whose eyes; `null`: sees everything. */
  readonly viewer: string | null
  /** For a session the ref of its frame, for the application the request. */
  readonly ref: number
  /** Empty until the contacts have told, where the whole roster is asked for. */
  ids: readonly string[]
  /** So many of them, from the first on, have been read, or are being read. */
  taken: number
  /** Those of them that this question has put on the watch list. */
  readonly added: Set<string>
  /** Those for which it stands on the watch list, whoever put them there; fewer where some were taken off again. */
  readonly claims: Set<string>
  /** This question has put the whole roster on the watch list. */
  startsRoster: boolean
  /** How much of each the asker sees; `null`: not known yet, or everything. */
  sights: Sights | null
  /** Users whose contacts changed since the contacts were asked. */
  readonly doubts: Set<string>
  /** What was pushed to the asker while the answer was on its way. */
  readonly pushed: Map<string, PushedChange>
}

export interface PushedChange {
  readonly version: Version
  readonly view: PresenceView
}

/** A snapshot on its way out. */
export interface Answer {
  readonly query: Query
  /** What comes next; `null`: it is being read. */
  page: Page | null
}

/** A page of a snapshot. */
export interface Page {
  readonly ids: readonly string[]
  /** In the same order; `null`: of somebody who may not be seen. */
  readonly records: readonly (StoredRecord | null)[]
}

/** What is read for a page: its users, and those of them who may be seen. */
export interface PageIds {
  readonly all: readonly string[]
  readonly visible: readonly string[]
}

/** Who is to know of somebody whose contacts changed. */
export interface ReviewAudience {
  readonly type: 'review:audience'
  readonly changed: string
  /** Asked again before it was answered: a push may have been held back in between. */
  readonly unsure: boolean
  outdated: boolean
}

/** The roster of a viewer, asked for again. */
export interface ReviewRoster {
  readonly type: 'review:roster'
  readonly viewer: User
  /** Nobody told of a change: where it cannot be found out, all stays as it is. */
  readonly routine: boolean
  /** Of whom a push may have been held back meanwhile. */
  readonly unsure: ReadonlySet<string>
  readonly doubts: Set<string>
}

/** Users that a session subscribes to, judged again. */
export interface ReviewPairs {
  readonly type: 'review:pairs'
  readonly session: Session
  readonly routine: boolean
  readonly ids: readonly string[]
  readonly unsure: ReadonlySet<string>
  readonly doubts: Set<string>
}

/** A record that the presence service wants to write, made of these many queued changes. */
export interface Proposal {
  readonly user: User
  /** What it takes the place of. */
  readonly before: VersionedRecord
  /** What the user showed by then, as far as this node knew. */
  readonly seen: PresenceView
  readonly next: VersionedRecord
  readonly changes: number
}
