/** The façade of the server half, and the only file that wires its parts together. */
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'eventemitter3'
import { isPromise } from '../core/awaitable.ts'
import { checkChoice } from '../core/choice.ts'
import { configError, PresenceError } from '../core/errors.ts'
import type { Attachment, PresenceServer, PresenceServerEvents } from './api.ts'
import { attachToPath, type HttpServerLike } from './attach/http.ts'
import { attachPlain } from './attach/plain.ts'
import { offeredToken } from './attach/offered-token.ts'
import type { UpgradeRequest } from './attach/request.ts'
import { attachShared, type SharedOptions } from './attach/shared.ts'
import { attachBySubProtocol, type WebSocketServerLike } from './attach/sub-protocol.ts'
import { createUpgradeHandler } from './attach/upgrade.ts'
import { checkIdentity, checkUserId } from './checks.ts'
import { createHost, type ErrorStage } from './host.ts'
import { createJudging } from './judging.ts'
import type { Notice } from './machine.ts'
import { type AuthenticationAttempt, type PresenceServerOptions, resolveOptions } from './options.ts'
import { createSessionIds } from './session-ids.ts'

/** How long clients have for the closing handshake. */
const CLOSE_MS = 2_000
const CLOSE_CHECK_MS = 20
/**
 * On Redis a record that is read costs all processes 3 µs, a message 30 to 100; and where a user has ten contacts for each other
 * node, a third of them online, hardly any node has none.
 */
const RECORDS_PER_MESSAGE = 10

/**
 * Creates the server half of presence.
 *
 * @throws `PresenceError` `CONFIG` for options that cannot work, naming option, range and value
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
  const { authenticate, contacts, privacy, storage, limits, timing, origins, logger, clock, nodeId } =
    resolveOptions(options)
  const events = new EventEmitter<PresenceServerEvents>()
  const attachments = new Set<() => void>()
  let closing: Promise<void> | null = null

  const log = (stage: ErrorStage, error: unknown): void => {
    try {
      logger?.error(`presence: ${stage}: ${String(error)}`)
    } catch {
      // A logger that fails has nowhere to say so.
    }
  }
  const report = (error: unknown, stage: ErrorStage): void => {
    log(stage, error)
    events.emit('error', error, { stage })
  }

  const host = createHost<UpgradeRequest>({
    config: {
      timing,
      limits,
      address: `${nodeId ?? 'node'}-${randomUUID()}`,
      writer: clock.random(),
      shared: storage.nodes !== undefined,
      recordsPerMessage: storage.recordsPerMessage ?? RECORDS_PER_MESSAGE,
    },
    clock,
    storage,
    judging: createJudging({ contacts, privacy }, limits, clock),
    authenticate({ request, token = offeredToken(request, limits.tokenBytes) }) {
      const attempt = { request, token }
      return comesFromAnywhere(attempt, origins) ? null : authenticate(attempt)
    },
    createSessionId: createSessionIds(),
    onNotice: (notice) => {
      announce(events, notice)
    },
    onError: report,
  })

  /** What adapters hear of changes that others made. */
  const onChange = (userId: string | null): void => {
    reported(() => {
      host.changed(userId === null ? null : checked(userId))
    })
  }
  const reported = <Value>(act: () => Value): Value | undefined => {
    try {
      return act()
    } catch (error) {
      report(error, 'contacts')
      return undefined
    }
  }

  const handleUpgrade = createUpgradeHandler(
    limits.frameBytes,
    (origin) => origins === null || origins.has(origin),
    (socket, request, under) => {
      attachPlain(host, socket, request, null, under)
    },
    clock,
  )

  const attach = (server: WebSocketServerLike | HttpServerLike, how: AttachOptions = {}): Attachment => {
    if (closing) throw new PresenceError('CLOSED', 'The presence server is closed')
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
    const named: SharedOptions['userOf'] = (socket, request) => {
      const userId = userOf(socket, request)
      return userId === null ? null : checked(userId)
    }
    return attachShared(host, server, { userOf: named }, (error) => {
      report(error, 'authenticate')
    })
  }

  const checked = (userId: string): string => checkUserId(userId, limits.idBytes)

  const listening = [contacts, privacy].map((adapter) => reported(() => adapter?.onChange?.(onChange)))

  const close = async (drainMs: number): Promise<void> => {
    for (const undo of attachments) undo()
    attachments.clear()
    await host.command({ type: 'drain', windowMs: drainMs })
    const deadline = clock.now() + drainMs + CLOSE_MS
    const isDone = (): boolean => host.connections() === 0 && (!storage.nodes || host.isSettled())
    while (!isDone() && clock.now() < deadline) {
      await new Promise<void>((resolve) => clock.setTimer(CLOSE_CHECK_MS, resolve))
    }
    if (storage.nodes) await inTime(host.command({ type: 'leave' }), deadline)
    host.stop()
    for (const stop of listening) reported(() => stop?.())
    await closeStorage(deadline)
    events.removeAllListeners()
  }
  /** A storage that does not close in time, or not at all, keeps nobody waiting. */
  const closeStorage = async (deadline: number): Promise<void> => {
    try {
      await inTime(storage.close?.(), deadline)
    } catch (error) {
      report(error, 'storage')
    }
  }
  const inTime = async (what: unknown, deadline: number): Promise<void> => {
    let cancel = () => {}
    const tooLate = new Promise<void>((resolve) => {
      cancel = clock.setTimer(deadline - clock.now(), resolve)
    })
    try {
      await Promise.race([what, tooLate])
    } finally {
      cancel()
    }
  }

  return {
    attach,
    handleUpgrade,
    handleConnection(socket, request, user) {
      const identity = typeof user === 'string' ? { userId: user } : (user ?? null)
      checkIdentity(identity, limits.idBytes)
      attachPlain(host, socket, request, identity)
    },
    async get(userIds, { as } = {}) {
      const ids = userIds.map(checked)
      return (await host.command({ type: 'get', ids, as: as === undefined ? null : checked(as) })) ?? []
    },
    async setStatus(userId, status, { text, expiresInMs } = {}) {
      checkChoice(status, text, expiresInMs, limits.statusTextLength)
      await host.command({
        type: 'setStatus',
        user: checked(userId),
        status,
        text,
        expiresInMs: expiresInMs === undefined ? null : Math.round(expiresInMs),
      })
    },
    async disconnectUser(userId) {
      await host.command({ type: 'disconnectUser', user: checked(userId) })
    },
    async forget(userId) {
      await host.command({ type: 'forget', user: checked(userId) })
    },
    async invalidateContacts(userId) {
      await host.command({ type: 'invalidateContacts', user: checked(userId) })
    },
    on(event, listener) {
      // What a listener of errors throws must not come back to it.
      const safe = guarded(listener, (error) => {
        if (event === 'error') log('listener', error)
        else report(error, 'listener')
      })
      events.on(event, safe)
      return () => {
        events.off(event, safe)
      }
    },
    health: () => {
      const reasons = [...(closing ? ['closing'] : []), ...host.ailments()]
      return { live: true, ready: reasons.length === 0, reasons, connections: host.connections() }
    },
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

/** Without a token it must be cookies, and those a browser sends from any site: so only sites that are named count. */
function comesFromAnywhere(
  { token, request }: AuthenticationAttempt,
  origins: ReadonlySet<string> | null,
): boolean {
  const origin = request?.headers.origin
  return token === undefined && origin !== undefined && origins?.has(origin) !== true
}

function announce(events: EventEmitter<PresenceServerEvents>, notice: Notice): void {
  if (notice.type === 'change') {
    const { presence, previous } = notice
    events.emit('change', presence, previous)
    if (presence.online === previous.online) return
    events.emit(presence.online ? 'online' : 'offline', presence, previous)
  } else if (notice.type === 'watch') {
    const { userId, asked, sights } = notice
    // A roster may be long, and few applications keep an audit.
    if (events.listenerCount('watch') > 0) events.emit('watch', { userId, asked, shown: [...sights.ids] })
  } else if (notice.type === 'alarm') {
    const { userId, denied, strangers } = notice
    events.emit('alarm', { userId, denied, strangers })
  } else {
    const { type, userId, sessionId } = notice
    events.emit(type, { userId, sessionId })
  }
}

/** A listener that fails, at once or later, is its author's fault, and nobody else's trouble. */
function guarded<Details extends readonly unknown[]>(
  listener: (...details: Details) => unknown,
  onFault: (error: unknown) => void,
): (...details: Details) => void {
  return (...details) => {
    try {
      const result = listener(...details)
      if (isPromise(result)) result.then(undefined, onFault)
    } catch (error) {
      onFault(error)
    }
  }
}
