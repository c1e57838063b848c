/** Who is connected here, and who watches whom: the node's tables, and the few ways to change them. */
import { createServerHeartbeat } from '../core/heartbeat.ts'
import { UNKNOWN_VIEW } from '../core/model.ts'
import { NO_VERSION } from '../core/version.ts'
import type { NodeEvent } from './machine.ts'
import { scheduleUser } from './deadlines.ts'
import { createMeter, keepMeter, takeMeter } from './meter.ts'
import type { Session, User } from './entities.ts'
import { dropValue, putValue } from './number-map.ts'
import { freshNumber, heartbeatSpread, type NodeState } from './state.ts'
import { createSightTable } from './sight-table.ts'
import { isFenced } from './standing.ts'
import { forgetWatcher, NOT_SEEN, subscribedIds } from './watch.ts'
import { cancel } from './wheel.ts'

const NONE: readonly never[] = []

/** Puts a new connection on the table. */
export function addConnection(
  node: NodeState,
  open: Extract<NodeEvent, { type: 'open' }>,
  now: number,
): Session {
  const { limits, timing } = node.config
  const session: Session = {
    // What telling and sending look at lies together, and comes first: it is fetched for each recipient, and most of them are cold.
    phase: 'hello',
    watchesRoster: false,
    subscriptions: null,
    queries: NONE,
    pending: null,
    connection: open.connection,
    along: NONE,
    answers: NONE,
    congestedUntil: 0,
    kind: 'session',
    id: open.session,
    vouched: open.identity,
    user: null,
    previous: null,
    activity: 'online',
    doubted: false,
    parked: null,
    goodbyeAt: null,
    dueAt: 0,
    slot: null,
    place: 0,
    phaseEndsAt: now + limits.helloMs,
    sentAwayAt: null,
    expiry: null,
    renewal: null,
    heartbeat: createServerHeartbeat(now, timing.intervalMs, heartbeatSpread(node, open.connection, now)),
    frames: createMeter(now),
    faults: null,
    floods: null,
    early: NONE,
  }
  node.connections.set(session.connection, session)
  return session
}

/** Whether frames can be sent to a session. */
export function isConnected(session: Session): boolean {
  return session.phase !== 'grace' && session.phase !== 'ended'
}

/** Takes a session's connection off the table, and all that only a connection needs. */
export function removeConnection(node: NodeState, session: Session): void {
  node.connections.delete(session.connection)
  node.dirtySessions.delete(session)
  session.early = NONE
  session.answers = NONE
  session.queries = NONE
  session.along = NONE
  session.pending = null
  const subscribed = subscribedIds(node, session)
  session.subscriptions = null
  session.watchesRoster = false
  forgetWatcher(node, session, subscribed)
}

/** The user of this id, put on the table where they are not there. */
export function userOf(node: NodeState, id: string, now: number): User {
  const known = node.users.get(id)
  if (known) return known
  const watched = node.watched.get(id)
  const user: User = {
    kind: 'user',
    id,
    number: watched?.number ?? freshNumber(node),
    viewers: watched?.viewers ?? createSightTable(),
    sessions: NONE,
    known: null,
    knownAt: now,
    unchecked: false,
    work: 'idle',
    queue: NONE,
    proposed: 0,
    changes: takeMeter(node.leftMeters, id, now),
    view: UNKNOWN_VIEW,
    untold: false,
    unanswered: null,
    floor: NO_VERSION,
    heldEnds: NONE,
    kicked: 0,
    invalidated: NOT_SEEN,
    keptUntil: 0,
    fanout: 'none',
    self: '',
    hasRoster: false,
    rosterReview: null,
    reviewFailed: false,
    judgeAt: Number.POSITIVE_INFINITY,
    retryAt: null,
    dueAt: 0,
    slot: null,
    place: 0,
  }
  node.users.set(id, user)
  putValue(node.usersByNumber, user.number, user)
  return user
}

/** The session of a user that has this id. */
export function sessionOf({ sessions }: User, id: string): Session | undefined {
  return sessions.find((session) => session.id === id)
}

/** The sessions of a user that can be told something. */
export function liveSessions({ sessions }: User): readonly Session[] {
  return sessions.every(isLive) ? sessions : sessions.filter(isLive)
}

function isLive({ phase }: Session): boolean {
  return phase === 'live'
}

/** Takes a session off its user for good. */
export function removeSession(node: NodeState, session: Session): void {
  cancel(node.wheel, session)
  session.phase = 'ended'
  const { user } = session
  if (user) user.sessions = user.sessions.filter((other) => other !== session)
}

/** Forgets a user with whom this node has nothing to do any more. */
export function forgetIdleUser(node: NodeState, user: User, now: number): void {
  const busy =
    user.sessions.length > 0 ||
    user.queue.length + user.heldEnds.length > 0 ||
    user.work !== 'idle' ||
    user.fanout !== 'none' ||
    user.untold
  if (busy || now < user.keptUntil) return
  // What the storage loses while it is out shows when it is back.
  if (user.keptUntil > 0 && isFenced(node, now)) {
    user.keptUntil = now + node.config.timing.flushMs
    return scheduleUser(node, user)
  }
  cancel(node.wheel, user)
  // A session that was never announced may hold on to a user who was forgotten, and came back since.
  if (node.users.get(user.id) !== user) return
  node.users.delete(user.id)
  dropValue(node.usersByNumber, user.number)
  keepMeter(node.leftMeters, user.id, user.changes)
}
