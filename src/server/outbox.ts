/**
 * What goes out to the sockets: one frame a socket and turn, however many changes it holds.
 *
 * A newer record of a user takes the place of the older one in the queue, and one that comes back to what the watcher
 * saw last is not sent at all. The encoded record is one string, shared by all who get it. Where a socket does not
 * take what it is given, changes wait (one a user, so the queue is bounded by what is watched) and snapshots go out
 * page by page.
 */
import { changesFrame, encode, encodePresence, snapshotFrame } from '../core/codec.ts'
import type { ErrorFrame, ServerMessage } from '../core/messages.ts'
import { type PresenceView, sameView, UNKNOWN_VIEW } from '../core/model.ts'
import { isNewer } from '../core/version.ts'
import type { NodeAction } from './machine.ts'
import { AT_ANY_TIME } from './presence-of.ts'
import { isConnected } from './registry.ts'
import { isFenced, shownBy } from './standing.ts'
import type { Answer, Change, PushedChange, Query, Session } from './entities.ts'
import { type NodeState, storageTime } from './state.ts'
import type { StoredRecord } from './storage/contract.ts'
import { paceOf, takeGathered, waitForMore } from './gathering.ts'
import { createTelling, textAt } from './telling.ts'
import { askTurn } from './turn.ts'
import { noteShown } from './watch.ts'

/** Records in one page of a snapshot: about 32 KB, an eighth of the soft limit. */
const PAGE_RECORDS = 500
/** How long a socket that is full is left alone. */
const CONGESTION_CHECK_MS = 100

/** Sends a message now. */
export function send(session: Session, message: ServerMessage, out: NodeAction[]): void {
  sendFrame(session, encode(message), out)
}

/** Sends a frame now. */
export function sendFrame(session: Session, frame: string, out: NodeAction[]): void {
  if (isConnected(session)) out.push({ type: 'send', connection: session.connection, frame })
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
  keepChange(session, change)
  markSession(node, session, out)
}

/** A change that many watchers are told of, to be sent when enough has gathered. */
export function gatherChange(
  node: NodeState,
  session: Session,
  change: Change,
  now: number,
  out: NodeAction[],
): void {
  const isWaiting = session.pending.size > 0
  keepChange(session, change)
  const waitMs = paceOf(node.gathering, now)
  if (isWaiting) return
  if (waitMs === 0) markSession(node, session, out)
  else waitForMore(node.gathering, session, waitMs, now)
}

/** An answer with all its records, to be sent from the next turn on. */
export function enqueueAnswer(node: NodeState, session: Session, answer: Answer, out: NodeAction[]): void {
  session.answers.push(answer)
  markSession(node, session, out)
}

/** Sends to those who have waited long enough. */
export function flushGathered(node: NodeState, now: number, out: NodeAction[]): void {
  for (const session of takeGathered(node.gathering, now)) node.dirtySessions.add(session)
  if (node.dirtySessions.size > 0) flushSessions(node, now, out)
}

/** Sends what has gathered: one frame of changes, and one page, for each session that has any. */
export function flushSessions(node: NodeState, now: number, out: NodeAction[]): void {
  if (isFenced(node, now)) return
  const sessions = [...node.dirtySessions]
  node.dirtySessions.clear()
  for (const session of sessions) {
    if (!isConnected(session) || session.congestedUntil !== 0) continue
    flushChanges(session, out)
    flushPage(node, session, now, out)
  }
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

/** What there is to see of one user: never less than what was pushed while an answer was on its way, or what watchers here know. */
export function viewFor(
  node: NodeState,
  query: Query,
  user: string,
  record: StoredRecord,
  now: number,
): PresenceView {
  const pushed = query.pushed.get(user)
  if (pushed && isNewer(pushed.version, record)) return pushed.view
  const watched = node.watched.get(user)
  if (watched?.told && isNewer(watched.version, record)) return watched.told.view
  return shownBy(node, record, AT_ANY_TIME, now)
}

function keepChange({ pending, queries }: Session, change: Change): void {
  const { user, version, view } = change
  const waiting = pending.size > 0 ? pending.get(user) : undefined
  pending.set(user, waiting ? { ...change, before: waiting.before } : change)
  if (queries.size > 0) for (const query of queries) query.pushed.set(user, { version, view })
}

function markSession(node: NodeState, session: Session, out: NodeAction[]): void {
  node.dirtySessions.add(session)
  askTurn(node, out)
}

function flushChanges(session: Session, out: NodeAction[]): void {
  if (session.pending.size === 0) return
  const updates: string[] = []
  for (const { before, update, text } of session.pending.values()) if (before !== update) updates.push(text)
  session.pending.clear()
  if (updates.length > 0) sendFrame(session, changesFrame(updates), out)
}

function flushPage(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  const answer = session.answers[0]
  if (!answer) return
  const { query, records, sent } = answer
  const ids = query.ids.slice(sent, sent + PAGE_RECORDS)
  answer.sent += ids.length
  const page = ids.map((id, index) => showOne(node, session, query, id, records[sent + index] ?? null, now))
  const more = answer.sent < query.ids.length
  sendFrame(session, snapshotFrame(query.ref, page, more), out)
  if (!more) {
    session.answers.shift()
    session.queries.delete(query)
  }
  if (session.answers.length > 0) markSession(node, session, out)
}

/** What an answer shows of one user, encoded; the same text that was encoded for others, where they see the same. */
function showOne(
  node: NodeState,
  session: Session,
  query: Query,
  id: string,
  record: StoredRecord | null,
  now: number,
): string {
  const sight = query.sights?.get(id) ?? 'nothing'
  if (sight === 'nothing' || !record) return encodePresence(id, UNKNOWN_VIEW)
  const time = storageTime(node, now)
  const pushed = query.pushed.get(id)?.version
  const watched = node.watched.get(id)
  const told = watched?.told
  const view = viewFor(node, query, id, record, now)
  const telling = told && sameView(told.view, view) ? told : createTelling(id, view)
  const version = pushed && isNewer(pushed, record) ? pushed : record
  if (watched) noteShown(node, session, watched, { version, telling, sight }, time)
  if (session.queries.size > 1) tellOthers(session, query, id, { version: record, view })
  return textAt(telling, sight, time)
}

/** What one answer shows the others must not fall behind. */
function tellOthers(session: Session, answered: Query, id: string, shown: PushedChange): void {
  for (const query of session.queries) {
    const pushed = query.pushed.get(id)
    if (query === answered || (pushed && !isNewer(shown.version, pushed.version))) continue
    query.pushed.set(id, shown)
  }
}
