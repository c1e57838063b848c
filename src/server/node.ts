/**
 * The machine of one node: `step(state, event, now, out)`. It sends each event to the part that it concerns; the rules
 * are in the parts. Nothing in here waits, reads a clock or touches a socket.
 */
import { obey } from './commands.ts'
import { compareAll, compareUnread, onCompared } from './comparison.ts'
import { onAudience, onLocated } from './fanout.ts'
import { onListening } from './hearing.ts'
import { onMessage } from './inbox.ts'
import { onPublished, sendMail } from './mail.ts'
import { answerDue, enlist, flushDue, holdDue, join, onEnlisted, onFlushed } from './membership.ts'
import { dischargeDone, onClaimed, onDischarged, sweep } from './reaper.ts'
import { receive, receiveEarly } from './inbound.ts'
import type { Judgement, NodeAction, NodeEvent, Told } from './machine.ts'
import { gatheredAt } from './gathering.ts'
import { flushSessions, markGathered } from './flush.ts'
import { onLoaded, onSwapped, turnUsers, userDue } from './presence.ts'
import { onPage, onRecords, onVisibility } from './queries.ts'
import {
  onReviewAudience,
  onReviewPairs,
  onReviewRoster,
  reviewAgain,
  reviewAll,
  reviewContacts,
} from './review.ts'
import { onGained } from './sight.ts'
import { kick, onClosed, refuse } from './endings.ts'
import { onAuthenticated, onBacklog, openConnection, sessionDue } from './session.ts'
import type { Session, User } from './entities.ts'
import type { Concern, ContactsPurpose, ReadPurpose } from './purposes.ts'
import { type NodeState, take } from './state.ts'
import type { DutyName } from './sharing.ts'
import { noteStorageTime } from './standing.ts'
import type { ReadReply } from './storage/contract.ts'
import { isUsersTurn, planTurn, wakeForUsersAt } from './turn.ts'
import { nextTickAt, takeDue } from './wheel.ts'

/**
 * Takes one event.
 *
 * @param now - monotonic milliseconds
 * @param out - where the actions go, in the order in which they are to be carried out
 */
export function step(node: NodeState, event: NodeEvent, now: number, out: NodeAction[]): void {
  handle(node, event, now, out)
  for (let session = node.ready.shift(); session; session = node.ready.shift())
    receiveEarly(node, session, now, out)
  for (let concern = node.concerns.shift(); concern; concern = node.concerns.shift())
    attend(node, concern, now, out)
  planTurn(node, now, out)
  askWake(node, out)
}

function handle(node: NodeState, event: NodeEvent, now: number, out: NodeAction[]): void {
  switch (event.type) {
    case 'frame':
      return withSession(node, event, (session) => receive(node, session, event.frame, now, out))
    case 'wake':
      return wake(node, now, out)
    case 'turn':
      return turn(node, now, out)
    case 'read':
      noteStorageTime(node, event.reply?.now, now)
      return onRead(node, take(node.reads, event.request), event.reply, now, out)
    case 'swapped':
      noteStorageTime(node, event.reply?.now, now)
      return onSwapped(node, take(node.swaps, event.request) ?? [], event.reply, now, out)
    case 'told':
      return onTold(node, take(node.questions, event.request), event.audience, now, out)
    case 'judged':
      return onJudged(node, take(node.questions, event.request), event.judgement, now, out)
    case 'changed':
      return event.user === null ? reviewAll(node, now, out) : reviewContacts(node, event.user, out)
    case 'open':
      return openConnection(node, event, now, out)
    case 'closed':
      return withSession(node, event, (session) => onClosed(node, session, event.code, now, out))
    case 'breach':
      return withSession(node, event, (session) => refuse(node, session, event.code, now, out))
    case 'backlog':
      return withSession(node, event, (session) => onBacklog(node, session, event.bytes, now, out))
    case 'authenticated':
      return withSession(node, event, (session) => onAuthenticated(node, session, event.identity, now, out))
    case 'start':
      return join(node, now, out)
    case 'flushed':
      return onFlushed(node, event.reply, now, out)
    case 'enlisted':
      return onEnlisted(node, event.request, event.reply, now, out)
    case 'claimed':
      return onClaimed(node, event.request, event.reply, now, out)
    case 'discharged':
      return onDischarged(node, event.request, event.reply)
    case 'released':
      out.push({ type: 'reply', request: event.request, value: undefined })
      return
    case 'listening':
      return onListening(node, event.succeeded, now, out)
    case 'published':
      return onPublished(node, out)
    case 'message':
      return onMessage(node, event.message, now, out)
    case 'command':
      return obey(node, event.command, event.request, now, out)
  }
}

/** An event from a connection that is not on the table any more concerns nobody. */
function withSession(
  node: NodeState,
  { connection }: { readonly connection: number },
  act: (session: Session) => void,
): void {
  const session = node.connections.get(connection)
  if (session) act(session)
}

function wake(node: NodeState, now: number, out: NodeAction[]): void {
  node.wakeAt = Number.POSITIVE_INFINITY
  for (const item of takeDue(node.wheel, now)) {
    if (item.kind === 'session') sessionDue(node, item, now, out)
    else if (item.kind === 'duty') dutyDue(node, item.name, now, out)
    else {
      userDue(node, item, now, out)
      reviewAgain(node, item, now, out)
    }
  }
  if (isUsersTurn(node, now)) turn(node, now, out)
  markGathered(node, now, out)
}

function dutyDue(node: NodeState, name: DutyName, now: number, out: NodeAction[]): void {
  switch (name) {
    case 'flush':
      return flushDue(node, now, out)
    case 'answer':
      return answerDue(node, out)
    case 'sweep':
      return sweep(node, now, out)
    case 'compare':
      return compareAll(node, now, out)
    case 'recheck':
      return compareUnread(node, now, out)
    case 'hold':
      return holdDue(node, now, out)
  }
}

/** All that has gathered: sessions into the directory, changes into the storage, frames to the sockets, mail to the bus. */
function turn(node: NodeState, now: number, out: NodeAction[]): void {
  node.turnAsked = false
  enlist(node, now, out)
  // A turn that others have asked for does not take users from theirs.
  if (node.usersTurn === null || isUsersTurn(node, now)) {
    node.usersTurn = null
    turnUsers(node, now, out)
  }
  dischargeDone(node, now, out)
  flushSessions(node, now, out)
  sendMail(node, now, out)
}

/** What a record has told that concerns more than its user's presence. */
function attend(node: NodeState, { type, user: id }: Concern, now: number, out: NodeAction[]): void {
  if (type === 'review') return reviewContacts(node, id, out)
  const user = node.users.get(id)
  for (const session of user?.sessions ?? []) if (!isYetToCome(user, session)) kick(node, session, now, out)
}

/** Who was thrown out may come back: the mark that a newcomer finds in the record was made before them. */
function isYetToCome(user: User | undefined, { id, phase }: Session): boolean {
  return phase === 'announcing' && user?.known?.record.sessions.some((session) => session.id === id) !== true
}

/** One timer serves the whole node: it is moved only where something is due earlier. */
function askWake(node: NodeState, out: NodeAction[]): void {
  const at = Math.min(
    nextTickAt(node.wheel) ?? Number.POSITIVE_INFINITY,
    gatheredAt(node.gathering),
    wakeForUsersAt(node),
  )
  if (at >= node.wakeAt) return
  node.wakeAt = at
  out.push({ type: 'wakeAt', at })
}

function onRead(
  node: NodeState,
  purpose: ReadPurpose | undefined,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  switch (purpose?.type) {
    case undefined:
      return
    case 'load':
      return onLoaded(node, purpose, reply, now, out)
    case 'locate':
      return onLocated(node, purpose, reply, now, out)
    case 'answer':
      return onRecords(node, purpose, reply, now, out)
    case 'page':
      return onPage(node, purpose, reply, now, out)
    case 'gained':
      return onGained(node, purpose, reply, now, out)
    case 'compare':
      return onCompared(node, purpose, reply, now, out)
  }
}

function onTold(
  node: NodeState,
  purpose: ContactsPurpose | undefined,
  told: Told | null,
  now: number,
  out: NodeAction[],
): void {
  if (purpose?.type === 'audience') return onAudience(node, purpose, told, now, out)
  if (purpose?.type === 'review:audience')
    return onReviewAudience(node, purpose, told === 'everyone' ? null : told, out)
}

function onJudged(
  node: NodeState,
  purpose: ContactsPurpose | undefined,
  judgement: Judgement | null,
  now: number,
  out: NodeAction[],
): void {
  switch (purpose?.type) {
    case 'visibility':
      return onVisibility(node, purpose, judgement, now, out)
    case 'review:roster':
      return onReviewRoster(node, purpose, judgement, now, out)
    case 'review:pairs':
      return onReviewPairs(node, purpose, judgement, now, out)
    default:
      return
  }
}
