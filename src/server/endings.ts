/**
 * How a session ends. Three ways, never mixed:
 *
 * - *leave*: goodbye; offline at once, or after the delay of publication.
 * - *drop*: the connection is lost, whoever cut it; grace, in which a return goes unnoticed.
 * - *expire*: no sign of life for T; offline as of the last one.
 */
import { CLOSE, closeMeaning } from '../core/errors.ts'
import type { OfflineReason } from '../core/model.ts'
import { publishDelay, scheduleSession } from './deadlines.ts'
import type { NodeAction } from './machine.ts'
import { countEvent } from './meter.ts'
import { changePresence } from './changes.ts'
import { forgetIdleUser, isConnected, removeConnection, removeSession } from './registry.ts'
import type { Session } from './entities.ts'
import { type NodeState, nextSpread, storageTime } from './state.ts'

const SECOND_MS = 1_000
/** More lost connections than this within a second are a mass: a network or a proxy failed, and all come back at once. */
const MASS_DROP = 100
/** The close code of a connection of which no frame told the end. */
const ABNORMAL = 1006

/** Goodbye: the session ends at once, unless it shows and that is to be kept back; then it stays as in grace. */
export function leave(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  const at = storageTime(node, now)
  const shows = session.phase === 'live' && session.user?.known?.record.shownFrom === undefined
  const delayMs = shows ? publishDelay(node) : 0
  if (delayMs > 0) {
    removeConnection(node, session)
    session.goodbyeAt = at
    awaitReturn(node, session, now + delayMs)
  } else end(node, session, 'leave', at, now, out)
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
  if (code !== ABNORMAL) session.heartbeat.lastLifeAt = now
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
  close(node, session, code, out)
  drop(node, session, now, out)
}

/** Cuts a connection that takes too little of what it is sent. */
export function cutOff(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  out.push({ type: 'terminate', connection: session.connection, code: CLOSE.SLOW_READER })
  drop(node, session, now, out)
}

/** No sign of life for T. */
export function expire(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  out.push({ type: 'terminate', connection: session.connection, code: CLOSE.GOING_AWAY })
  end(node, session, 'expire', lastLife(node, session), now, out)
}

/** Nobody came back in time; unless so many have dropped since that coming back takes longer. */
export function endGrace(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  if (session.goodbyeAt !== null) return end(node, session, 'leave', session.goodbyeAt, now, out)
  const endsAt = graceLimit(node, session, now)
  session.phaseEndsAt = endsAt
  if (now < endsAt) scheduleSession(node, session)
  else end(node, session, 'drop', lastLife(node, session), now, out)
}

/** Ends a session at once, whatever it is doing: kicked by the application. */
export function kick(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  close(node, session, CLOSE.KICKED, out)
  end(node, session, 'drop', lastLife(node, session), now, out)
}

/** Somebody took a session out that has no connection left to put it back. */
export function forget(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  remove(node, session, now, out)
}

/** The newer connection of the same tab takes its place; nobody is told of anything. */
export function supersede(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  close(node, session, CLOSE.SUPERSEDED, out)
  remove(node, session, now, out)
}

/** A lost connection: in grace if the session was announced, and gone without a trace if not. */
function drop(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  removeConnection(node, session)
  if (session.phase !== 'live' && session.phase !== 'announcing') return remove(node, session, now, out)
  const endsAt = graceEnd(node, session, now)
  awaitReturn(node, session, endsAt)
  if (endsAt <= now) end(node, session, 'drop', lastLife(node, session), now, out)
}

/** It counts as live until then. */
function awaitReturn(node: NodeState, session: Session, until: number): void {
  session.phase = 'grace'
  session.phaseEndsAt = until
  scheduleSession(node, session)
}

/** Grace grows where so many drop at once that their return takes longer; it never outlasts the timeout. */
function graceEnd(node: NodeState, session: Session, now: number): number {
  const { timing, limits } = node.config
  const dropped = countEvent(node.drops, now, SECOND_MS)
  if (dropped > MASS_DROP && limits.admissionsPerSecond > 0) {
    const returnMs = (2 * dropped * SECOND_MS) / limits.admissionsPerSecond
    node.crowdedUntil = Math.max(node.crowdedUntil, now + returnMs)
  }
  // Who is sent away is expected back on another node, until that window ends.
  const from = node.sharing ? Math.max(now, node.drainsUntil) : now
  return graceLimit(node, session, from + timing.graceMs + publishDelay(node))
}

function graceLimit(node: NodeState, session: Session, endsAt: number): number {
  const expiresAt = session.heartbeat.lastLifeAt + node.config.timing.timeoutMs
  return Math.min(Math.max(endsAt, node.crowdedUntil), expiresAt)
}

/** Takes the session out of its user's record. */
function end(
  node: NodeState,
  session: Session,
  reason: OfflineReason,
  at: number,
  now: number,
  out: NodeAction[],
): void {
  const { user } = session
  if (user?.sessions.includes(session)) {
    changePresence(node, user, { type: 'end', session: session.id, reason, at, accuracy: 'exact' }, null)
  }
  remove(node, session, now, out)
}

function remove(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  const { user } = session
  removeConnection(node, session)
  const announced = user?.sessions.includes(session) === true
  removeSession(node, session)
  if (!user) return
  if (announced) {
    out.push({ type: 'notify', notice: { type: 'session:close', userId: user.id, sessionId: session.id } })
  }
  forgetIdleUser(node, user, now)
}

/** Storage time of the last sign of life. */
function lastLife(node: NodeState, session: Session): number {
  return storageTime(node, session.heartbeat.lastLifeAt)
}

/** A session in grace has no connection left to close. */
function close(node: NodeState, session: Session, code: number, out: NodeAction[]): void {
  if (!isConnected(session)) return
  out.push({ type: 'close', connection: session.connection, code, reason: closeReason(node, code) })
}

/** The reason of a close: its code's name, and for how long to stay away where that is known. */
function closeReason(node: NodeState, code: number): string {
  const name = closeMeaning(code).code ?? ''
  if (code === CLOSE.OVERLOAD) return `${name} ${SECOND_MS}`
  const spreadMs = node.sharing ? SECOND_MS : node.drainWindowMs
  if (code === CLOSE.RESTART) return `${name} ${Math.round(nextSpread(node) * spreadMs)}`
  return name
}
