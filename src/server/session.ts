/**
 * A session, from hello to goodbye. The phases stand in state.ts.
 *
 * Three ways to end, never mixed: *leave* (goodbye: offline at once), *drop* (connection lost: grace, in which a return
 * goes unnoticed) and *expire* (no sign of life for T). Every event names its connection, and a connection is one
 * session's for good; so what comes late from an old one finds nobody.
 */
import { CLOSE, closeMeaning } from '../core/errors.ts'
import { stepServerHeartbeat } from '../core/heartbeat.ts'
import type { Hello } from '../core/messages.ts'
import type { OfflineReason, SessionActivity } from '../core/model.ts'
import { PROTOCOL_VERSION } from '../core/socket.ts'
import { noteTokenEnd, scheduleSession } from './deadlines.ts'
import type { Identity, NodeAction, NodeEvent } from './machine.ts'
import { countEvent } from './meter.ts'
import { GIVEN_UP, noteBacklog, send, sendError, sendFrame } from './outbox.ts'
import { changePresence } from './presence.ts'
import {
  addConnection,
  forgetIdleUser,
  isConnected,
  removeConnection,
  removeSession,
  userOf,
} from './registry.ts'
import { type NodeState, nextSpread, type Session, storageTime } from './state.ts'

const SECOND_MS = 1_000
/** More lost connections than this within a second are a mass: a network or a proxy failed, and all come back at once. */
const MASS_DROP = 100

/** A socket has opened. */
export function openConnection(
  node: NodeState,
  open: Extract<NodeEvent, { type: 'open' }>,
  now: number,
  out: NodeAction[],
): void {
  const session = addConnection(node, open, now)
  if (node.draining) refuse(node, session, CLOSE.RESTART, now, out)
  else scheduleSession(node, session)
}

/** The client says who it is. */
export function hello(
  node: NodeState,
  session: Session,
  message: Hello,
  now: number,
  out: NodeAction[],
): void {
  if (message.version !== PROTOCOL_VERSION) return refuse(node, session, CLOSE.VERSION, now, out)
  const { admissionsPerSecond, helloMs } = node.config.limits
  const isFull = admissionsPerSecond > 0 && countEvent(node.admissions, now, SECOND_MS) > admissionsPerSecond
  if (isFull) return refuse(node, session, CLOSE.OVERLOAD, now, out)
  session.phase = 'authenticating'
  session.previous = message.previous ?? null
  session.phaseEndsAt = now + helloMs
  scheduleSession(node, session)
  if (session.vouched) welcome(node, session, session.vouched, now, out)
  else out.push({ type: 'authenticate', connection: session.connection, token: message.token })
}

/** Another token, for a session that runs. */
export function renewToken(session: Session, token: string, out: NodeAction[]): void {
  out.push({ type: 'authenticate', connection: session.connection, token })
}

/** Who it is has been found out. */
export function onAuthenticated(
  node: NodeState,
  session: Session,
  identity: Identity | null | undefined,
  now: number,
  out: NodeAction[],
): void {
  if (session.phase === 'authenticating') {
    if (identity) welcome(node, session, identity, now, out)
    else refuse(node, session, identity === null ? CLOSE.UNAUTHORIZED : CLOSE.INTERNAL, now, out)
  } else if (identity && identity.userId === session.user?.id) {
    noteTokenEnd(node, session, identity.expiresAt, now)
    scheduleSession(node, session)
  } else if (identity !== undefined) {
    refuse(node, session, CLOSE.UNAUTHORIZED, now, out)
  }
}

/** The first PRESENCE_UPDATE: the session is put into its user's record, in place of the one it continues. */
export function announce(
  node: NodeState,
  session: Session,
  activity: SessionActivity,
  now: number,
  out: NodeAction[],
): void {
  if (!session.user) return
  const user = userOf(node, session.user.id, now)
  const { sessionsPerUser } = node.config.limits
  const previous = session.previous === null ? undefined : user.sessions.get(session.previous)
  const others = user.sessions.size - (previous ? 1 : 0)
  if (sessionsPerUser > 0 && others >= sessionsPerUser) return sendError(session, 'LIMIT', undefined, out)
  session.user = user
  session.phase = 'announcing'
  user.sessions.set(session.id, session)
  if (previous) supersede(node, previous, out)
  const entry = { id: session.id, node: node.config.incarnation, activity }
  const change = { type: 'open', session: entry, previous: session.previous } as const
  changePresence(node, user, change, { type: 'announcement', session }, out)
  notifySession('session:open', user.id, session, out)
}

/** Goodbye: the session ends at once. */
export function leave(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  end(node, session, 'leave', storageTime(node, now), out)
  out.push({ type: 'close', connection: session.connection, code: CLOSE.NORMAL, reason: '' })
}

/** The connection is gone. A close frame is a sign of life at that moment; silence is none. */
export function onClosed(
  node: NodeState,
  session: Session,
  code: number,
  now: number,
  out: NodeAction[],
): void {
  if (code !== 1006) session.heartbeat.lastLifeAt = now
  drop(node, session, now, out)
}

/** Ends a connection for a reason that its close code tells. What it means for the user is what a drop means. */
export function refuse(
  node: NodeState,
  session: Session,
  code: number,
  now: number,
  out: NodeAction[],
): void {
  if (!isConnected(session)) return
  out.push({ type: 'close', connection: session.connection, code, reason: closeReason(node, code) })
  drop(node, session, now, out)
}

/** Ends a session at once, whatever it is doing: kicked by the application. */
export function kick(node: NodeState, session: Session, out: NodeAction[]): void {
  if (isConnected(session)) {
    out.push({
      type: 'close',
      connection: session.connection,
      code: CLOSE.KICKED,
      reason: closeReason(node, CLOSE.KICKED),
    })
  }
  end(node, session, 'drop', lastLife(node, session), out)
}

/** A socket has told how much it holds back. */
export function onBacklog(
  node: NodeState,
  session: Session,
  bytes: number,
  now: number,
  out: NodeAction[],
): void {
  if (!isConnected(session)) return
  if (noteBacklog(node, session, bytes, now, out) === 'give up') {
    out.push({ type: 'terminate', connection: session.connection, code: GIVEN_UP })
    drop(node, session, now, out)
  } else scheduleSession(node, session)
}

/** The session's deadline has come. */
export function sessionDue(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  switch (session.phase) {
    case 'ended':
      return
    case 'hello':
      return refuse(node, session, CLOSE.HELLO_TIMEOUT, now, out)
    case 'authenticating':
      return refuse(node, session, CLOSE.INTERNAL, now, out)
    case 'grace':
      return end(node, session, 'drop', lastLife(node, session), out)
    default:
      return connectedDue(node, session, now, out)
  }
}

function connectedDue(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  if (now >= session.tokenEndsAt) return refuse(node, session, CLOSE.TOKEN_EXPIRED, now, out)
  const verdict = stepServerHeartbeat(session.heartbeat, now, node.config.timing, nextSpread(node))
  if (verdict === 'expired') {
    out.push({ type: 'terminate', connection: session.connection, code: CLOSE.GOING_AWAY })
    return end(node, session, 'expire', lastLife(node, session), out)
  }
  if (verdict === 'beat') sendFrame(session, heartbeatFrame(node, now), out)
  if (now >= session.renewAt && !session.renewalAsked) {
    session.renewalAsked = true
    send(session, { type: 'renew' }, out)
  }
  if (session.congestedUntil !== 0 && now >= session.congestedUntil) {
    out.push({ type: 'measure', connection: session.connection })
  }
  scheduleSession(node, session)
}

function heartbeatFrame(node: NodeState, now: number): string {
  return `{"type":"heartbeat","now":${storageTime(node, now)}}`
}

function welcome(
  node: NodeState,
  session: Session,
  identity: Identity,
  now: number,
  out: NodeAction[],
): void {
  const { intervalMs, clientTimeoutMs } = node.config.timing
  session.phase = 'welcomed'
  session.user = userOf(node, identity.userId, now)
  noteTokenEnd(node, session, identity.expiresAt, now)
  scheduleSession(node, session)
  node.ready.push(session)
  send(
    session,
    {
      type: 'welcome',
      version: PROTOCOL_VERSION,
      session: session.id,
      user: identity.userId,
      now: storageTime(node, now),
      heartbeatMs: Math.round(intervalMs),
      timeoutMs: Math.round(clientTimeoutMs),
    },
    out,
  )
}

/** The newer connection of the same tab takes its place; nobody is told of anything. */
function supersede(node: NodeState, session: Session, out: NodeAction[]): void {
  if (isConnected(session)) {
    out.push({
      type: 'close',
      connection: session.connection,
      code: CLOSE.SUPERSEDED,
      reason: closeReason(node, CLOSE.SUPERSEDED),
    })
  }
  remove(node, session, out)
}

/** A lost connection: in grace if the session was announced, and gone without a trace if not. */
function drop(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  removeConnection(node, session)
  if (session.phase !== 'live' && session.phase !== 'announcing') return remove(node, session, out)
  session.phase = 'grace'
  session.phaseEndsAt = graceEnd(node, session, now)
  if (session.phaseEndsAt <= now) end(node, session, 'drop', lastLife(node, session), out)
  else scheduleSession(node, session)
}

/** Grace grows where so many drop at once that their return takes longer; it never outlasts the timeout. */
function graceEnd(node: NodeState, session: Session, now: number): number {
  const { timing, limits } = node.config
  const dropped = countEvent(node.drops, now, SECOND_MS)
  const massMs =
    dropped > MASS_DROP && limits.admissionsPerSecond > 0
      ? (2 * dropped * SECOND_MS) / limits.admissionsPerSecond
      : 0
  return Math.min(now + Math.max(timing.graceMs, massMs), session.heartbeat.lastLifeAt + timing.timeoutMs)
}

/** Takes the session out of its user's record. */
function end(node: NodeState, session: Session, reason: OfflineReason, at: number, out: NodeAction[]): void {
  const { user } = session
  if (user?.sessions.has(session.id)) {
    changePresence(node, user, { type: 'end', session: session.id, reason, at, accuracy: 'exact' }, null, out)
  }
  remove(node, session, out)
}

function remove(node: NodeState, session: Session, out: NodeAction[]): void {
  const { user } = session
  removeConnection(node, session)
  const announced = user?.sessions.has(session.id) === true
  removeSession(node, session)
  if (!user) return
  if (announced) notifySession('session:close', user.id, session, out)
  if (![...user.sessions.values()].some((other) => other.watchesRoster)) user.roster = null
  forgetIdleUser(node, user)
}

function notifySession(
  type: 'session:open' | 'session:close',
  userId: string,
  session: Session,
  out: NodeAction[],
): void {
  out.push({ type: 'notify', notice: { type, userId, sessionId: session.id } })
}

/** Storage time of the last sign of life. */
function lastLife(node: NodeState, session: Session): number {
  return storageTime(node, session.heartbeat.lastLifeAt)
}

/** The reason of a close: its code's name, and for how long to stay away where that is known. */
function closeReason(node: NodeState, code: number): string {
  const name = closeMeaning(code).code ?? ''
  if (code === CLOSE.OVERLOAD) return `${name} ${SECOND_MS}`
  if (code === CLOSE.RESTART) return `${name} ${Math.round(nextSpread(node) * node.drainWindowMs)}`
  return name
}
