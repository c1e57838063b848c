/**
 * What goes into a node's machine and what comes out of it. The machine is synchronous and touches nothing;
 * its host (host.ts) turns sockets, timers and adapters into events, and carries the actions out.
 */
import type { PresenceErrorCode } from '../core/errors.ts'
import type { Presence, StatusChoice } from '../core/model.ts'
import type { Sights } from './sights.ts'
import type { ReadReply, Stamp, Swap, SwapReply } from './storage/contract.ts'
import type { Claim, ClaimReply, EntryReply, Flush, FlushReply, SessionOwner } from './storage/nodes.ts'

/** A connection, by a number that is never used again. */
export type ConnectionId = number

/** Ties an answer to its question. */
export type RequestId = number

/** Who a token stands for. */
export interface Identity {
  /** 1 to 128 UTF-8 bytes, well formed. */
  readonly userId: string
  /** Epoch milliseconds; left out: it does not expire. */
  readonly expiresAt?: number | undefined
}

/** What is found of a token: whose it is; `null`: it is no good; `banned`: whose it is may not connect at all. */
export type Verdict = Identity | null | 'banned'

/** What the application may ask of a node. */
export type Command =
  | { readonly type: 'get'; readonly ids: readonly string[]; readonly as: string | null }
  | {
      readonly type: 'setStatus'
      readonly user: string
      readonly status: StatusChoice
      readonly text: string | null | undefined
      readonly expiresInMs: number | null
    }
  | { readonly type: 'disconnectUser'; readonly user: string }
  | { readonly type: 'invalidateContacts'; readonly user: string }
  | { readonly type: 'forget'; readonly user: string }
  | { readonly type: 'drain'; readonly windowMs: number }
  /** Give up the lease. */
  | { readonly type: 'leave' }

export type NodeEvent =
  | {
      readonly type: 'open'
      readonly connection: ConnectionId
      /** An unguessable id, for the session that may come of it. */
      readonly session: string
      /** The application has authenticated the socket already. */
      readonly identity: Identity | null
    }
  | { readonly type: 'frame'; readonly connection: ConnectionId; readonly frame: string }
  /** A frame that is none of this protocol's, seen by the transport: binary, too large. */
  | { readonly type: 'breach'; readonly connection: ConnectionId; readonly code: number }
  | { readonly type: 'closed'; readonly connection: ConnectionId; readonly code: number }
  /** Bytes that a socket has not taken yet; told when they exceed the soft limit, or when measured. */
  | { readonly type: 'backlog'; readonly connection: ConnectionId; readonly bytes: number }
  | {
      readonly type: 'authenticated'
      readonly connection: ConnectionId
      /** `null`: refused. `undefined`: it could not be found out. */
      readonly identity: Verdict | undefined
    }
  | { readonly type: 'read'; readonly request: RequestId; readonly reply: ReadReply | null }
  | { readonly type: 'swapped'; readonly request: RequestId; readonly reply: SwapReply | null }
  | { readonly type: 'told'; readonly request: RequestId; readonly audience: Told | null }
  | { readonly type: 'judged'; readonly request: RequestId; readonly judgement: Judgement | null }
  /** An adapter tells that something about a user was changed by others; `null`: about anybody. */
  | { readonly type: 'changed'; readonly user: string | null }
  | { readonly type: 'command'; readonly request: RequestId; readonly command: Command }
  /** Answers of the directory of nodes; `null`: there is none. */
  | { readonly type: 'flushed'; readonly reply: FlushReply | null }
  | { readonly type: 'enlisted'; readonly request: RequestId; readonly reply: EntryReply | null }
  | { readonly type: 'claimed'; readonly request: RequestId; readonly reply: ClaimReply | null }
  | { readonly type: 'discharged'; readonly request: RequestId; readonly reply: EntryReply | null }
  | { readonly type: 'released'; readonly request: RequestId }
  /** The bus delivers to this node from now on; or it does not, and is asked again. */
  | { readonly type: 'listening'; readonly succeeded: boolean }
  | { readonly type: 'published' }
  /** What another node has published at this node's address. */
  | { readonly type: 'message'; readonly message: string }
  /** The node begins. */
  | { readonly type: 'start' }
  | { readonly type: 'wake' }
  | { readonly type: 'turn' }

/** Whom to tell of a user; `everyone`: whoever watches them. */
export type Told = ReadonlySet<string> | 'everyone'

/** `told`: whom to tell of a user. `contacts`: who stands in their list, however open they are. */
export interface AudienceQuestion {
  readonly about: 'told' | 'contacts'
  readonly user: string
}

/** How much a viewer sees of others. */
export interface SightsQuestion {
  readonly viewer: string
  /** `null`: of all whom the viewer may watch as a whole. */
  readonly among: readonly string[] | null
  /** Strangers are counted. */
  readonly counted: boolean
}

/** How much a viewer sees of whom, and which of those asked about are not in the viewer's own list. */
export interface Judgement {
  readonly sights: Sights
  readonly strangers: readonly string[]
}

/** What the application hears; see {@link PresenceServerEvents}. */
export type Notice =
  | { readonly type: 'change'; readonly presence: Presence; readonly previous: Presence }
  | { readonly type: 'session:open' | 'session:close'; readonly userId: string; readonly sessionId: string }
  | {
      readonly type: 'watch'
      readonly userId: string
      readonly asked: readonly string[]
      /** Whoever is in it is shown. */
      readonly sights: Sights
    }
  | { readonly type: 'alarm'; readonly userId: string; readonly denied: number; readonly strangers: number }

export type NodeAction =
  /** In this order; where it can be, in one write. */
  | { readonly type: 'send'; readonly connection: ConnectionId; readonly frames: readonly string[] }
  | {
      readonly type: 'close'
      readonly connection: ConnectionId
      readonly code: number
      readonly reason: string
    }
  /** Cut: there is no use in a handshake. */
  | { readonly type: 'terminate'; readonly connection: ConnectionId; readonly code: number }
  /** Answer with a `backlog` event. */
  | { readonly type: 'measure'; readonly connection: ConnectionId }
  | { readonly type: 'authenticate'; readonly connection: ConnectionId; readonly token: string | undefined }
  | { readonly type: 'read'; readonly request: RequestId; readonly ids: readonly string[] }
  | {
      readonly type: 'swap'
      readonly request: RequestId
      readonly swaps: readonly Swap[]
      readonly stamp: Stamp
    }
  | { readonly type: 'audience'; readonly request: RequestId; readonly question: AudienceQuestion }
  | { readonly type: 'judge'; readonly request: RequestId; readonly question: SightsQuestion }
  /** What is kept of a user's contacts and settings does not count any more; `null`: of anybody's. */
  | { readonly type: 'invalidate'; readonly user: string | null }
  | { readonly type: 'flush'; readonly flush: Flush }
  | {
      readonly type: 'enlist'
      readonly request: RequestId
      readonly incarnation: string
      readonly sessions: readonly SessionOwner[]
      readonly stamp: Stamp
    }
  | { readonly type: 'claim'; readonly request: RequestId; readonly claim: Claim }
  | {
      readonly type: 'discharge'
      readonly request: RequestId
      readonly incarnation: string
      readonly by: string
      readonly sessions: readonly string[]
      readonly stamp: Stamp
    }
  | { readonly type: 'release'; readonly request: RequestId; readonly incarnation: string }
  | { readonly type: 'listen'; readonly address: string }
  | { readonly type: 'publish'; readonly address: string; readonly message: string }
  /** Answer with a `wake` event at that time; replaces the one before. */
  | { readonly type: 'wakeAt'; readonly at: number }
  /** Answer with a `turn` event once the input that is already there has been read. */
  | { readonly type: 'turn' }
  | { readonly type: 'notify'; readonly notice: Notice }
  | {
      readonly type: 'reply'
      readonly request: RequestId
      readonly value: readonly Presence[] | PresenceErrorCode | undefined
    }
