/** What an application sees of the client. Types only. */
import type { PresenceError, PresenceErrorCode } from '../core/errors.ts'
import type { OwnPresence, Presence, StatusChoice } from '../core/model.ts'
import type { WebSocketLike } from '../core/socket.ts'

/**
 * Where the connection stands.
 *
 * - `idle`: nobody has asked for one yet
 * - `connecting`: the first attempt is under way
 * - `connected`: the server has said welcome
 * - `reconnecting`: lost or failed; the next attempt is waiting or under way
 * - `suspended`: trying is known to be useless (the browser is offline, the page is frozen, the application's
 *   socket is gone); goes on by itself as soon as that ends
 * - `closed`: by `disconnect()`, by `destroy()`, or by a refusal; only a call goes on from here
 */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'suspended' | 'closed'

/** A step of the connection, as told by the `connection` event. */
export interface ConnectionChange {
  /** The state from now on. */
  readonly current: ConnectionState
  /** The same as `current` where one failed attempt follows another. */
  readonly previous: ConnectionState
  /** Why, where there is a code for it; a connection that was merely lost has none. */
  readonly reason?: PresenceErrorCode
  /** When the next attempt begins, from now. */
  readonly retryInMs?: number
  /** Attempts in a row that came to nothing or did not last. */
  readonly attempt: number
}

/** Where a background fault came from. */
export interface ErrorContext {
  /** What the client was doing. */
  readonly stage: 'connection' | 'frame' | 'listener' | 'request' | 'token'
}

/** The events of a client. A listener that throws disturbs nobody: what it threw comes as an `error`. */
export interface PresenceClientEvents {
  /** Any visible change of any user who is watched or was fetched. */
  presence: (presence: Presence, previous: Presence) => void
  /**
   * A user came online. A first snapshot is no transition, and neither is a loss of the connection: compared
   * is what the server said before with what it says now.
   */
  online: (presence: Presence, previous: Presence) => void
  /** A user went offline; see `online`. */
  offline: (presence: Presence, previous: Presence) => void
  /** Each step of the connection. */
  connection: (change: ConnectionChange) => void
  /** The user's own presence, also where another session changed it. */
  self: (self: OwnPresence) => void
  /** A fault in the background. Left unheard it is passed over. */
  error: (error: PresenceError, context: ErrorContext) => void
}

/**
 * Is told of a user's presence. `previous` is what this listener saw before; on its first call the `unknown`
 * presence of version 0.
 */
export type PresenceListener = (presence: Presence, previous: Presence) => void

/** One watch over some users. Several over the same user share one subscription on the server. */
export interface PresenceSubscription {
  /**
   * The first snapshot of all users that were named, in their order. Rejects with what the server refused
   * (`LIMIT`, a refused connection), or `CLOSED` where it was ended before; left alone, a rejection is silent.
   */
  readonly ready: Promise<readonly Presence[]>
  /** Ends it; the listener is not called again. Calling it twice is fine. */
  readonly unsubscribe: () => void
  /** Watches more users. @throws `PresenceError` `BAD_ID` */
  readonly add: (...userIds: string[]) => void
  /** Watches these no more. */
  readonly remove: (...userIds: string[]) => void
}

/** The watch over the whole contact list. Call it to end it. */
export interface ContactsSubscription {
  (): void
  /** The first snapshot of the whole list; rejects as that of a {@link PresenceSubscription}. */
  readonly ready: Promise<readonly Presence[]>
  /** The same as the call. */
  readonly unsubscribe: () => void
}

/** What goes with a status. */
export interface SetStatusOptions {
  /** The user's own words, up to 140 UTF-16 units. Left out: as they are; `null`: none. */
  readonly text?: string | null
  /** Choice and words lapse after this long. Left out: they hold until changed. */
  readonly expiresInMs?: number
}

/**
 * Watches the presence of others, and tells one's own. Whatever needs the server connects by itself, except
 * after a refusal: then only `connect()` does.
 */
export interface PresenceClient {
  /** Where the connection stands. */
  readonly state: ConnectionState
  /** The last step of the connection; the same object until the next. */
  readonly connection: ConnectionChange
  /** The user's own presence as last told by the server; `unknown` before, and long after the connection. */
  readonly self: OwnPresence

  /**
   * Connects. Resolves at the welcome; passing failures are waited through.
   *
   * @throws `PresenceError` the code of a refusal that stops the client; whatever failed first where
   * `reconnect` is `false`; `CLOSED` after `disconnect()` or `destroy()`
   */
  connect(): Promise<void>
  /**
   * Says goodbye, which shows the user offline at once if this was their last session, and closes the connection.
   * Always resolves. Subscriptions are kept; `connect()` or a new `subscribe()` goes on.
   */
  disconnect(): Promise<void>
  /** Says goodbye without waiting and leaves no listener, timer or handle behind. Final. */
  destroy(): void

  /**
   * Watches one user or many. The listener runs on the first snapshot and on each visible change, never twice
   * for the same record, and never before this call has returned.
   *
   * @throws `PresenceError` `BAD_ID`
   */
  subscribe(userIds: string | readonly string[], listener?: PresenceListener): PresenceSubscription
  /** Watches the whole contact list, and who joins it later. */
  subscribeContacts(listener?: PresenceListener): ContactsSubscription
  /**
   * What is known of a user, at once: the same frozen object until it changes. `unknown`, version 0, before
   * anything is known. Of users who are not watched it soon becomes `stale` and then `unknown`.
   *
   * @throws `PresenceError` `BAD_ID`
   */
  get(userId: string): Presence
  /**
   * Asks the server now, and answers in the order asked. Waits for a connection.
   *
   * @throws `PresenceError` `BAD_ID`; `TIMEOUT` after 10 s; `UNAVAILABLE`, `LIMIT`; `CLOSED`
   */
  fetch(userIds: string | readonly string[]): Promise<Presence[]>
  /**
   * Chooses what the user shows on all their sessions. Resolves once the server has taken it. Without a
   * connection it is kept and sent with the next one; a choice made meanwhile replaces it, and both resolve.
   *
   * @throws `PresenceError` `CONFIG` for what can be no choice; `TIMEOUT`, `UNAVAILABLE`; `CLOSED`
   */
  setStatus(status: StatusChoice, options?: SetStatusOptions): Promise<void>

  /** Listens. Returns what ends it. */
  on<Name extends keyof PresenceClientEvents>(event: Name, listener: PresenceClientEvents[Name]): () => void
  /** Goes on with another socket of the application. Only for clients made with `socket`. */
  useSocket(next: WebSocketLike): void
  /**
   * The server's wall clock, epoch milliseconds, from its messages and the monotonic clock here: right however
   * wrong this machine's clock is. That clock until the first welcome.
   */
  serverTime(): number
}
