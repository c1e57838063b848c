/** The façade of the server half, and the only file that wires its parts together. */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'eventemitter3'
import { isUserId } from '../core/codec.ts'
import { configError, PresenceError } from '../core/errors.ts'
import type { Presence, StatusChoice } from '../core/model.ts'
import type { WebSocketLike } from '../core/socket.ts'
import { attachToPath, type HttpServerLike } from './attach/http.ts'
import { attachPlain } from './attach/plain.ts'
import type { UpgradeHead, UpgradeRequest, UpgradeSocket } from './attach/request.ts'
import { attachShared, type SharedOptions } from './attach/shared.ts'
import { attachBySubProtocol, type WebSocketServerLike } from './attach/sub-protocol.ts'
import { createUpgradeHandler } from './attach/upgrade.ts'
import { createContactsReader } from './contacts/reader.ts'
import { createHost, type ErrorStage } from './host.ts'
import type { Identity, Notice } from './machine.ts'
import { type AuthenticationAttempt, type PresenceServerOptions, resolveOptions } from './options.ts'

/** What {@link PresenceServer.on} tells of. */
export interface PresenceServerEvents {
  /** A user has come online: their first session, or the end of being invisible. */
  online: [presence: Presence, previous: Presence]
  /** A user has gone offline, or invisible. */
  offline: [presence: Presence, previous: Presence]
  /** Any visible change of a user, those two among them. */
  change: [presence: Presence, previous: Presence]
  'session:open': [session: { readonly userId: string; readonly sessionId: string }]
  'session:close': [session: { readonly userId: string; readonly sessionId: string }]
  /** A fault in the background: of an adapter, of `authenticate`, of a listener. Unheard, it harms nobody. */
  error: [error: unknown, context: { readonly stage: ErrorStage }]
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
   * @throws {@link PresenceError} `CONFIG` for something else
   */
  attach(server: WebSocketServerLike, options?: { readonly mode?: 'sub-protocol' }): Attachment
  attach(server: WebSocketServerLike, options: SharedOptions): Attachment
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
  /** A contact was added or removed, or somebody blocked: everything with that user on either side is judged again. */
  invalidateContacts(userId: string): Promise<void>
  /** Listens. @returns what stops it */
  on<E extends keyof PresenceServerEvents>(
    event: E,
    listener: (...details: PresenceServerEvents[E]) => void,
  ): () => void
  /** How it does. */
  health(): { readonly live: boolean; readonly ready: boolean; readonly connections: number }
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

/** How long clients have for the closing handshake. */
const CLOSE_MS = 2_000
const CLOSE_CHECK_MS = 20

/**
 * Creates the server half of presence.
 *
 * @throws {@link PresenceError} `CONFIG` for options that cannot work, naming option, range and value
 *
 * @example
 * ```ts
 * const presence = createPresenceServer({
 *   authenticate: async ({ token }) => ({ userId: await userOfToken(token) }),
 *   contacts: { contactsOf: (userId) => database.contactsOf(userId) },
 * })
 * presence.attach(webSocketServer)
 * ```
 */
export function createPresenceServer(options: PresenceServerOptions): PresenceServer {
  const { authenticate, contacts, storage, limits, timing, origins, logger, clock, nodeId } =
    resolveOptions(options)
  const events = new EventEmitter<PresenceServerEvents>()
  const attachments = new Set<() => void>()
  let closing: Promise<void> | null = null

  const report = (error: unknown, stage: ErrorStage): void => {
    logger?.error(`presence: ${stage}: ${String(error)}`)
    try {
      events.emit('error', error, { stage })
    } catch (thrown) {
      logger?.error(`presence: listener: ${String(thrown)}`)
    }
  }
  /** A listener that throws is its author's fault, and nobody else's trouble. */
  const emit = (act: () => void): void => {
    try {
      act()
    } catch (error) {
      report(error, 'listener')
    }
  }

  const host = createHost<UpgradeRequest>({
    config: {
      timing,
      limits,
      incarnation: `${nodeId ?? 'node'}-${randomUUID()}`,
      selective: contacts.canSee !== undefined,
    },
    clock,
    storage,
    contacts: createContactsReader(contacts, limits, clock),
    authenticate: (attempt) => (comesByCookie(attempt, origins) ? null : authenticate(attempt)),
    createSessionId: randomUUID,
    onNotice: (notice) => {
      announce(events, emit, notice)
    },
    onError: report,
  })

  const handleUpgrade = createUpgradeHandler(
    limits.frameBytes,
    (origin) => origins === null || origins.has(origin),
    (socket, request) => {
      attachPlain(host, socket, request, null)
    },
  )

  const attach = (server: WebSocketServerLike | HttpServerLike, how: AttachOptions = {}): Attachment => {
    const undo = attachTo(server, how)
    attachments.add(undo)
    return {
      detach() {
        if (attachments.delete(undo)) undo()
      },
    }
  }
  const attachTo = (
    server: WebSocketServerLike | HttpServerLike,
    { mode, path, userOf }: AttachOptions,
  ): (() => void) => {
    if (!('handleUpgrade' in server)) {
      if (typeof path !== 'string' || !path.startsWith('/'))
        throw configError('path', 'a path such as "/presence"', path)
      return attachToPath(server, path, handleUpgrade)
    }
    if (mode !== 'shared') return attachBySubProtocol(server, handleUpgrade)
    if (typeof userOf !== 'function') throw configError('userOf', 'a function', userOf)
    return attachShared(host, server, { userOf }, (error) => {
      report(error, 'authenticate')
    })
  }

  const checked = (userId: string): string => {
    if (isUserId(userId, limits.idBytes)) return userId
    throw new PresenceError('BAD_ID', `Not a user id: ${JSON.stringify(userId)}`)
  }

  const close = async (drainMs: number): Promise<void> => {
    for (const undo of attachments) undo()
    attachments.clear()
    await host.command({ type: 'drain', windowMs: drainMs })
    const deadline = clock.now() + drainMs + CLOSE_MS
    while (host.connections() > 0 && clock.now() < deadline) {
      await new Promise<void>((resolve) => clock.setTimer(CLOSE_CHECK_MS, resolve))
    }
    host.stop()
    events.removeAllListeners()
    await storage.close?.()
  }

  return {
    attach,
    handleUpgrade,
    handleConnection(socket, request, user) {
      const identity = typeof user === 'string' ? { userId: user } : (user ?? null)
      if (identity) checked(identity.userId)
      attachPlain(host, socket, request, identity)
    },
    async get(userIds, { as } = {}) {
      const ids = userIds.map(checked)
      return (await host.command({ type: 'get', ids, as: as === undefined ? null : checked(as) })) ?? []
    },
    async setStatus(userId, status, { text, expiresInMs } = {}) {
      await host.command({
        type: 'setStatus',
        user: checked(userId),
        status,
        text,
        expiresInMs: expiresInMs ?? null,
      })
    },
    async disconnectUser(userId) {
      await host.command({ type: 'disconnectUser', user: checked(userId) })
    },
    async invalidateContacts(userId) {
      await host.command({ type: 'invalidateContacts', user: checked(userId) })
    },
    on(event, listener) {
      events.on(event, listener)
      return () => {
        events.off(event, listener)
      }
    },
    health: () => ({ live: true, ready: closing === null, connections: host.connections() }),
    close({ drainMs = 0 } = {}) {
      closing ??= close(drainMs)
      return closing
    },
  }
}

interface AttachOptions {
  readonly mode?: 'sub-protocol' | 'shared'
  readonly path?: string
  readonly userOf?: SharedOptions['userOf']
}

/** Without a token it must be cookies, and those a browser sends from any site: so the sites must be named. */
function comesByCookie(
  { token, request }: AuthenticationAttempt,
  origins: ReadonlySet<string> | null,
): boolean {
  return token === undefined && origins === null && request?.headers.origin !== undefined
}

function announce(
  events: EventEmitter<PresenceServerEvents>,
  emit: (act: () => void) => void,
  notice: Notice,
): void {
  if (notice.type !== 'change') {
    const { type, userId, sessionId } = notice
    emit(() => events.emit(type, { userId, sessionId }))
    return
  }
  const { presence, previous } = notice
  emit(() => events.emit('change', presence, previous))
  if (presence.online === previous.online) return
  emit(() => events.emit(presence.online ? 'online' : 'offline', presence, previous))
}
