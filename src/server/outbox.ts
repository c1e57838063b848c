/**
 * What goes out to the sockets: one frame a socket and turn, however many changes it holds.
 *
 * A newer record of a user takes the place of the older one in the queue, and one that comes back to what the watcher
 * saw last is not sent at all. The encoded record is one string, shared by all who get it. Where a socket does not
 * take what it is given, changes wait: one a user, so the queue is bounded by what is watched.
 */
import { changesFrame, encode } from '../core/codec.ts'
import type { ErrorFrame, ServerMessage } from '../core/messages.ts'
import type { Change, Session } from './entities.ts'
import { isSomebodyWaiting, paceOf, waitForMore } from './gathering.ts'
import type { NodeAction } from './machine.ts'
import { changesIn, createPending, keep } from './pending.ts'
import { isConnected } from './registry.ts'
import type { NodeState } from './state.ts'
import { askTurn } from './turn.ts'

/** How long a socket that is full is left alone. */
const CONGESTION_CHECK_MS = 100
const NONE: readonly string[] = []
const NO_CHANGES: readonly Change[] = []

/** Sends a message now. */
export function send(session: Session, message: ServerMessage, out: NodeAction[]): void {
  sendFrame(session, encode(message), out)
}

/** Sends a frame now. */
export function sendFrame(session: Session, frame: string, out: NodeAction[]): void {
  sendFrames(session, [frame], out)
}

/** Sends frames now, in one write. */
export function sendFrames(session: Session, frames: readonly string[], out: NodeAction[]): void {
  if (isConnected(session)) out.push({ type: 'send', connection: session.connection, frames })
}

/**
 * Has a frame sent with whatever else goes to the session at the next turn, and before that; or with the changes that have
 * begun to gather for it, for it is one write less: in a burst, of two.
 */
export function sendAlong(node: NodeState, session: Session, frame: string, out: NodeAction[]): void {
  session.along = [...session.along, frame]
  if (session.pending === null) markSession(node, session, out)
}

/** Refuses something; the connection lives on. */
export function sendError(
  session: Session,
  code: ErrorFrame['code'],
  ref: number | undefined,
  out: NodeAction[],
  retryAfterMs?: number,
): void {
  send(
    session,
    {
      type: 'error',
      code,
      ...(ref !== undefined && { ref }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    },
    out,
  )
}

/** A change for a watcher, to be sent at the next turn. */
export function enqueueChange(node: NodeState, session: Session, change: Change, out: NodeAction[]): void {
  keepChange(node, session, change, null)
  markSession(node, session, out)
}

/**
 * A change that many watchers are told of, to be sent when enough has gathered.
 *
 * @param toldBefore - the number of the telling before this one of the same user
 */
export function gatherChange(
  node: NodeState,
  session: Session,
  change: Change,
  toldBefore: number,
  now: number,
  out: NodeAction[],
): void {
  const isWaiting = session.pending !== null
  keepChange(node, session, change, toldBefore)
  const waitMs = paceOf(node.gathering, node.dirtyUsers.size, now)
  if (isWaiting) return
  if (waitMs === 0 && !isSomebodyWaiting(node.gathering)) markSession(node, session, out)
  else waitForMore(node.gathering, session, waitMs, now)
}

/** A socket has told how much it holds back. Says whether it must be given up. */
export function noteBacklog(
  node: NodeState,
  session: Session,
  bytes: number,
  now: number,
  out: NodeAction[],
): 'give up' | 'go on' {
  const { queueSoftBytes, queueHardBytes } = node.config.limits
  const full = bytes > queueSoftBytes
  if (bytes > queueHardBytes || (full && session.heartbeat.unanswered > 0)) return 'give up'
  session.congestedUntil = full ? now + CONGESTION_CHECK_MS : 0
  if (!full) markSession(node, session, out)
  return 'go on'
}

function keepChange(node: NodeState, session: Session, change: Change, toldBefore: number | null): void {
  const { user, version, view } = change
  session.pending ??= createPending(node.tellings)
  keep(session.pending, change, toldBefore)
  for (const query of session.queries) query.pushed.set(user, { version, view })
}

/** Has a session's frames sent at the next turn. */
export function markSession(node: NodeState, session: Session, out: NodeAction[]): void {
  node.dirtySessions.add(session)
  askTurn(node, out)
}

/** Takes the changes that have gathered for a session and are news to it. */
export function takeNews(session: Session): readonly Change[] {
  const { pending } = session
  if (!pending) return NO_CHANGES
  session.pending = null
  const changes = changesIn(pending)
  return changes.every(isNews) ? changes : changes.filter(isNews)
}

/** The frames of what is for a session alone, and of its news. */
export function takeFrames(session: Session, news = NO_CHANGES): readonly string[] {
  const { along } = session
  session.along = NONE
  if (news.length === 0) return along
  const frame = changesFrame(news.map(textOfChange))
  return along.length === 0 ? [frame] : [...along, frame]
}

function isNews({ before, update }: Change): boolean {
  return before !== update
}

function textOfChange({ text }: Change): string {
  return text
}
