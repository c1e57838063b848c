/**
 * A session, from hello to its last heartbeat. The phases stand in state.ts, the ends in endings.ts.
 *
 * Every event names its connection, and a connection is one session's for good; so what comes late from an old one
 * finds nobody.
 */
import { CLOSE } from '../core/errors.ts'
import { stepServerHeartbeat } from '../core/heartbeat.ts'
import type { Hello } from '../core/messages.ts'
import type { SessionActivity } from '../core/model.ts'
import { PROTOCOL_VERSION } from '../core/socket.ts'
import { noteTokenEnd, publishDelay, scheduleSession } from './deadlines.ts'
import { cutOff, endGrace, expire, refuse, supersede } from './endings.ts'
import type { Identity, NodeAction, NodeEvent, Verdict } from './machine.ts'
import { countEvent } from './meter.ts'
import { noteBacklog, send, sendError, sendFrame } from './outbox.ts'
import { changePresence } from './changes.ts'
import { addConnection, sessionOf, userOf } from './registry.ts'
import type { Session } from './entities.ts'
import { heartbeatSpread, type NodeState, storageTime } from './state.ts'

const SECOND_MS = 1_000
/** With so many changes of one user waiting for the storage nobody is let in any more: each of their sessions has a few. */
const WAITING_CHANGES = 256

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

/** Another token, for a session that runs. One is judged at a time; of those that come meanwhile the newest waits. */
export function renewToken(session: Session, token: string, out: NodeAction[]): void {
  const isBusy = session.renewal !== null
  session.renewal = { next: isBusy ? token : null }
  if (!isBusy) out.push({ type: 'authenticate', connection: session.connection, token })
}

/** Who it is has been found out. */
export function onAuthenticated(
  node: NodeState,
  session: Session,
  identity: Verdict | undefined,
  now: number,
  out: NodeAction[],
): void {
  const next = session.renewal?.next ?? null
  session.renewal = null
  if (identity === 'banned') return refuse(node, session, CLOSE.BANNED, now, out)
  if (session.phase === 'authenticating') {
    if (identity) welcome(node, session, identity, now, out)
    else refuse(node, session, identity === null ? CLOSE.UNAUTHORIZED : CLOSE.INTERNAL, now, out)
  } else if (identity && identity.userId === session.user?.id) {
    noteTokenEnd(node, session, identity.expiresAt, now)
    scheduleSession(node, session)
  } else if (identity !== undefined) {
    return refuse(node, session, CLOSE.UNAUTHORIZED, now, out)
  }
  if (next !== null) renewToken(session, next, out)
}

/** The first PRESENCE_UPDATE: the session is put into its user's record, in place of the one it continues. */
export function announce(
  node: NodeState,
  session: Session,
  activity: SessionActivity,
  ref: number | undefined,
  now: number,
  out: NodeAction[],
): void {
  if (!session.user) return
  const user = userOf(node, session.user.id, now)
  const { sessionsPerUser } = node.config.limits
  const previous = session.previous === null ? undefined : sessionOf(user, session.previous)
  const others = user.sessions.length - (previous ? 1 : 0)
  if (sessionsPerUser > 0 && others >= sessionsPerUser) return sendError(session, 'LIMIT', ref, out)
  // Who comes and goes while the storage hangs leaves two changes each time.
  if (user.queue.length + user.heldEnds.length >= WAITING_CHANGES)
    return sendError(session, 'UNAVAILABLE', ref, out)
  session.user = user
  session.phase = 'announcing'
  session.activity = activity
  user.sessions = user.sessions.concat(session)
  if (previous) supersede(node, previous, now, out)
  node.sharing?.newcomers.set(session.id, user.id)
  const entry = { id: session.id, node: node.incarnation, activity }
  const unseenMs = publishDelay(node)
  const change = { type: 'open', session: entry, previous: session.previous, unseenMs } as const
  changePresence(node, user, change, { type: 'announcement', session, ref })
  out.push({ type: 'notify', notice: { type: 'session:open', userId: user.id, sessionId: session.id } })
}

/** Somebody took the session out, but its client is alive: it is put back. */
export function resume(node: NodeState, session: Session): void {
  session.doubted = false
  const { user, id, activity, parked } = session
  if (!user) return
  session.parked = null
  if (session.phase === 'announcing' && parked)
    return changePresence(node, user, parked.change, parked.waiter)
  if (session.phase !== 'live') return
  const entry = { id, node: node.incarnation, activity }
  changePresence(node, user, { type: 'open', session: entry, previous: null }, null)
}

/** Whether the client is still there shows by its answer. */
export function probe(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  session.doubted = true
  sendFrame(session, heartbeatFrame(node, now), out)
}

/** A socket has told how much it holds back. */
export function onBacklog(
  node: NodeState,
  session: Session,
  bytes: number,
  now: number,
  out: NodeAction[],
): void {
  if (noteBacklog(node, session, bytes, now, out) === 'give up') cutOff(node, session, now, out)
  else scheduleSession(node, session)
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
      return endGrace(node, session, now, out)
    default:
      return connectedDue(node, session, now, out)
  }
}

function connectedDue(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  const { sentAwayAt, expiry } = session
  if (sentAwayAt !== null && now >= sentAwayAt) return refuse(node, session, CLOSE.RESTART, now, out)
  if (expiry && now >= expiry.at) return refuse(node, session, CLOSE.TOKEN_EXPIRED, now, out)
  const spread = heartbeatSpread(node, session.connection, now)
  const verdict = stepServerHeartbeat(session.heartbeat, now, node.config.timing, spread)
  if (verdict === 'expired') return expire(node, session, now, out)
  if (verdict === 'beat') sendFrame(session, heartbeatFrame(node, now), out)
  if (expiry && now >= expiry.renewAt && !expiry.isAsked) {
    expiry.isAsked = true
    send(session, { type: 'renew' }, out)
  }
  if (session.congestedUntil !== 0 && now >= session.congestedUntil) {
    out.push({ type: 'measure', connection: session.connection })
  }
  scheduleSession(node, session)
}

/** One text for all whose turn it is at a time. */
function heartbeatFrame(node: NodeState, now: number): string {
  const time = storageTime(node, now)
  if (node.heartbeat.time !== time) node.heartbeat = { time, frame: `{"type":"heartbeat","now":${time}}` }
  return node.heartbeat.frame
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
  session.phaseEndsAt = null
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
