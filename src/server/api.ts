/** What an application sees of the server. Types only. */
import type { Presence, StatusChoice } from '../core/model.ts'
import type { WebSocketLike } from '../core/socket.ts'
import type { HttpServerLike } from './attach/http.ts'
import type { UpgradeHead, UpgradeRequest, UpgradeSocket } from './attach/request.ts'
import type { SharedOptions } from './attach/shared.ts'
import type { WebSocketServerLike } from './attach/sub-protocol.ts'
import type { ErrorStage } from './host.ts'
import type { Identity } from './machine.ts'

/** What {@link PresenceServer.on} tells of. */
export interface PresenceServerEvents {
  /** A user has come online: their first session, or the end of being invisible. */
  online: [presence: Presence, previous: Presence]
  /** A user has gone offline, or invisible. */
  offline: [presence: Presence, previous: Presence]
  /** Any visible change of a user, those two among them. */
  change: [presence: Presence, previous: Presence]
  /** A session has announced itself. */
  'session:open': [session: SessionNotice]
  /** A session is gone for good: left, expired, superseded, or not back within the grace. */
  'session:close': [session: SessionNotice]
  /** Somebody has asked about users, or begun to watch them: for an audit, "who watches me". */
  watch: [watch: WatchNotice]
  /** Somebody asks about many users whom they may not see, or has spent their budget of strangers. */
  alarm: [alarm: AlarmNotice]
  /** A fault in the background: of an adapter, of `authenticate`, of a listener. Unheard, it harms nobody. */
  error: [error: unknown, context: ErrorContext]
}

/** A session, as the application hears of it. */
export interface SessionNotice {
  /** Whose it is. */
  readonly userId: string
  /** Never used again. */
  readonly sessionId: string
}

/** Who wants to know of whom. */
export interface WatchNotice {
  /** Who asks. */
  readonly userId: string
  /** About whom; empty where it was the whole contact list. */
  readonly asked: readonly string[]
  /** Of whom they were shown anything. */
  readonly shown: readonly string[]
}

/** Perhaps somebody tracks others. */
export interface AlarmNotice {
  /** Who. */
  readonly userId: string
  /** Users of whom they were shown nothing, today and on this node. */
  readonly denied: number
  /** Users they asked about who are not their contacts, today and on this node; at most `strangersPerDay`. */
  readonly strangers: number
}

/** Where a fault came from. */
export interface ErrorContext {
  /** What the server was doing. */
  readonly stage: ErrorStage
}

/** How a server does. */
export interface ServerHealth {
  /** The process answers. */
  readonly live: boolean
  /** It takes connections. */
  readonly ready: boolean
  /** Why it is not ready: `closing`, `joining` (the other nodes), `storage`, `bus`. */
  readonly reasons: readonly string[]
  /** Those that it holds. */
  readonly connections: number
}

/** The server half of presence. */
export interface PresenceServer {
  /**
   * Attaches to an application's server:
   * - its `ws` WebSocketServer: upgrades that offer our sub-protocol are ours, before its `connection` event;
   * - the same in `mode: 'shared'`: presence rides on the application's own sockets, whose user `userOf` names;
   * - its HTTP server and a `path`.
   *
   * @returns what undoes it; connections that stand go on
   * @throws `PresenceError` `CONFIG` for something else
   */
  attach(server: WebSocketServerLike, options?: { readonly mode?: 'sub-protocol' }): Attachment
  /** On the application's own sockets. */
  attach(server: WebSocketServerLike, options: SharedOptions): Attachment
  /** On a path of its HTTP server. */
  attach(server: HttpServerLike, options: { readonly path: string }): Attachment
  /** Takes an upgrade that offers our sub-protocol. `false`: it does not, and nothing was touched. Routing by path is the caller's. */
  handleUpgrade(request: UpgradeRequest, socket: UpgradeSocket, head: UpgradeHead): boolean
  /** Takes an open socket that is ours alone. `user`: the application has authenticated it already. */
  handleConnection(socket: WebSocketLike, request?: UpgradeRequest, user?: Identity | string): void
  /**
   * The presence of users, in the order asked. `as`: through that user's eyes; left out: everything.
   *
   * @throws (rejects) `BAD_ID`; `UNAVAILABLE` where storage or contacts do not answer; `CLOSED`
   */
  get(userIds: readonly string[], options?: { readonly as?: string }): Promise<readonly Presence[]>
  /** Chooses a status for a user, as they could themselves. `text`: left out, as it was; `null`, none. */
  setStatus(
    userId: string,
    status: StatusChoice,
    options?: { readonly text?: string | null; readonly expiresInMs?: number },
  ): Promise<void>
  /** Ends every session of a user at once (close 4004); their clients do not come back by themselves. */
  disconnectUser(userId: string): Promise<void>
  /**
   * Deletes what is stored about a user: last seen, status, status text, sessions. Their connections are ended (close 4004),
   * and they are `offline` with no last seen to whoever may see them still. What remains under their id is
   * the time of the deletion, in Redis for an hour, in memory until the process ends. Contacts and settings are the application's:
   * delete them first.
   */
  forget(userId: string): Promise<void>
  /** A contact was added or removed, somebody blocked, a setting changed: everything with that user on either side is judged again. */
  invalidateContacts(userId: string): Promise<void>
  /** Listens. @returns what stops it */
  on<E extends keyof PresenceServerEvents>(
    event: E,
    listener: (...details: PresenceServerEvents[E]) => void,
  ): () => void
  /** How it does. */
  health(): ServerHealth
  /**
   * Sends the clients away (close 1012) and resolves once none of our connections is left, at the latest two seconds
   * after `drainMs`. Their returns are spread over `drainMs`. The application's servers stay as they are.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/** What {@link PresenceServer.attach} gives. */
export interface Attachment {
  /** Undoes it; connections that stand go on. */
  detach(): void
}
