/** The messages of protocol version 1, as they stand on the wire. Normative text: docs/protocol.md. */
import type { FrameErrorCode } from './errors.ts'
import type {
  LastSeenAccuracy,
  OfflineReason,
  PresenceStatus,
  SessionActivity,
  StatusChoice,
} from './model.ts'

/** A presence record on the wire; what is left out is `null` or `false`. */
export interface WirePresence {
  readonly user: string
  readonly status: PresenceStatus
  readonly lastSeen?: number
  /** Left out where `lastSeen` is exact. */
  readonly accuracy?: LastSeenAccuracy
  readonly reason?: OfflineReason
  readonly text?: string
  readonly stale?: boolean
}

/** The first frame of a connection: who is it, and which session does this one continue. */
export interface Hello {
  readonly type: 'hello'
  readonly version: number
  readonly token?: string
  /** The installation: a browser profile, a phone. */
  readonly device?: string
  /** The session that this tab had before; it is superseded. */
  readonly previous?: string
}

/**
 * The user's presence, told by a client. Of this session: `online`, `away`, or `offline` (the goodbye).
 * Chosen by the user for all their sessions: with `chosen`; `busy`, `invisible` and `auto` always are.
 */
export interface PresenceUpdate {
  readonly type: 'PRESENCE_UPDATE'
  readonly status: SessionActivity | StatusChoice | 'offline'
  readonly chosen?: boolean
  /** Left out: as it was. `null`: none. */
  readonly text?: string | null
  readonly expiresInMs?: number
  readonly ref?: number
}

/** Watch these users; a snapshot answers, changes follow. */
export interface Subscribe {
  readonly type: 'subscribe'
  readonly users: readonly string[]
  readonly ref: number
}

/** Watch them no more. */
export interface Unsubscribe {
  readonly type: 'unsubscribe'
  readonly users: readonly string[]
}

/** Watch the whole contact list, or no more. `watch: true` is answered by a snapshot. */
export interface Roster {
  readonly type: 'roster'
  readonly watch: boolean
  readonly ref?: number
}

/** Ask once; a snapshot answers. */
export interface Fetch {
  readonly type: 'fetch'
  readonly users: readonly string[]
  readonly ref: number
}

/** A new token for the same user, before the old one expires. */
export interface Renewal {
  readonly type: 'token'
  readonly token: string
}

/** The answer to a heartbeat. */
export interface HeartbeatAnswer {
  readonly type: 'heartbeat'
}

/** What a client sends. */
export type ClientMessage =
  | Hello
  | PresenceUpdate
  | Subscribe
  | Unsubscribe
  | Roster
  | Fetch
  | Renewal
  | HeartbeatAnswer

/** The answer to a hello that is accepted. */
export interface Welcome {
  readonly type: 'welcome'
  readonly version: number
  readonly session: string
  readonly user: string
  /** Server time, epoch milliseconds. */
  readonly now: number
  /** A heartbeat comes about this often. */
  readonly heartbeatMs: number
  /** Without one for this long the server is dead to the client. */
  readonly timeoutMs: number
}

/** All that was asked for, as it stands now; in pages where it is long. */
export interface Snapshot {
  readonly type: 'snapshot'
  readonly ref: number
  readonly users: readonly WirePresence[]
  /** Another page of the same snapshot follows. */
  readonly more?: boolean
}

/** What changed. */
export interface PresenceChanges {
  readonly type: 'PRESENCE_UPDATE'
  readonly users: readonly WirePresence[]
}

/** The user's own presence, on each of their sessions. */
export interface Self {
  readonly type: 'self'
  readonly status: PresenceStatus
  readonly chosen: StatusChoice
  readonly text?: string
  readonly expiresInMs?: number
  /** The PRESENCE_UPDATE that this answers. */
  readonly ref?: number
}

/** A sign of life, which the client answers at once. */
export interface Heartbeat {
  readonly type: 'heartbeat'
  /** Server time, epoch milliseconds. */
  readonly now: number
}

/** The token is about to expire: send another. */
export interface Renew {
  readonly type: 'renew'
}

/** Whether all that this connection was told is only the last known: the server cannot reach its storage. */
export interface Stale {
  readonly type: 'stale'
  readonly stale: boolean
}

/** Something was refused; the connection lives on. */
export interface ErrorFrame {
  readonly type: 'error'
  readonly code: FrameErrorCode
  readonly ref?: number
  readonly retryAfterMs?: number
}

/** The end of a session on a socket that is the application's and stays open. */
export interface CloseFrame {
  readonly type: 'close'
  readonly code: number
  readonly reason: string
}

/** What a server sends. */
export type ServerMessage =
  | Welcome
  | Snapshot
  | PresenceChanges
  | Self
  | Heartbeat
  | Renew
  | Stale
  | ErrorFrame
  | CloseFrame
