/**
 * The presence service: tracks what users are, apart from the connections. Read, decide, swap.
 *
 * A change waits in its user's queue; at the next turn all that waits becomes one swap in the storage. Where another
 * node was faster, the rules are applied again to what stands there by then. So N nodes that race make one transition.
 *
 * work     | change | turn                                | answer                      | failure         | due
 * ---------|--------|-------------------------------------|-----------------------------|-----------------|------
 * idle     | queue  | → reading (unknown), → swapping,    |                             |                 | queue what lapsed
 *          |        | → held (changes too often), or done |                             |                 |
 * reading  | queue  |                                     | → idle, next turn           | → held, unknown |
 * swapping | queue  |                                     | → idle, settled or once more | → held, unknown |
 * held     | queue  |                                     |                             |                 | → idle, next turn
 */
import { EMPTY_RECORD, type UserRecord } from '../core/record.ts'
import { isNewer, type VersionedRecord } from '../core/version.ts'
import { doubtOpens } from './asking.ts'
import { holdEnds, holdUser, markUser } from './changes.ts'
import { RETRY_MS, scheduleUser, userLapsesAt } from './deadlines.ts'
import type { Proposal, User } from './entities.ts'
import { waitsForEntry } from './entry.ts'
import { pursueFanout } from './fanout.ts'
import { face } from './learning.ts'
import type { NodeAction } from './machine.ts'
import { propose } from './proposing.ts'
import type { ReadPurpose } from './purposes.ts'
import { forgetIdleUser } from './registry.ts'
import { checkSessions, dropRepairs } from './repair.ts'
import { succeed } from './settling.ts'
import { isFenced, noteLate, stampOf, startHold } from './standing.ts'
import { file, type NodeState, storageTime } from './state.ts'
import type { ReadReply, StoredRecord, SwapReply } from './storage/contract.ts'
import { askUsersTurn } from './turn.ts'
import { schedule } from './wheel.ts'

/** What follows from a change of one, with a hundred contacts, takes some 100 µs. */
const USERS_IN_ONE_TURN = 64

/** Turns what has gathered into one read and one call of swaps. A node that is fenced keeps it until it may write. */
export function turnUsers(node: NodeState, now: number, out: NodeAction[]): void {
  if (isFenced(node, now)) return
  const unread: User[] = []
  const proposals: Proposal[] = []
  for (const user of takeMarked(node, out)) {
    if (user.work !== 'idle') continue
    if (user.known) holdEnds(node, user, now)
    if (user.queue.length === 0) {
      if (user.unchecked) checkSessions(node, user, now, out)
      forgetIdleUser(node, user, now)
    } else if (!user.known) unread.push(user)
    else if (isUnheardOf(node, user.known)) {
      // No flush will ever tell of it where a replica took over that had not seen it begin: what stands there by now is read.
      if (now - user.knownAt >= RETRY_MS) unread.push(user)
      else waitForFlush(node, user, now)
    } else if (!waitsForEntry(node, user)) propose(node, user, user.known, now, proposals, out)
  }
  if (unread.length > 0) load(node, unread, out)
  if (proposals.length > 0) swap(node, proposals, now, out)
}

/** Takes some of those who were marked; the others have the turn behind this one. */
function takeMarked(node: NodeState, out: NodeAction[]): User[] {
  const users: User[] = []
  for (const user of node.dirtyUsers) {
    if (users.length === USERS_IN_ONE_TURN) break
    node.dirtyUsers.delete(user)
    users.push(user)
  }
  if (node.dirtyUsers.size > 0) askUsersTurn(node, out)
  return users
}

/** The storage has told of users, or failed to. */
export function onLoaded(
  node: NodeState,
  { users }: Extract<ReadPurpose, { type: 'load' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  users.forEach((user, index) => {
    const stored = reply?.records[index]
    if (!stored) return leaveAlone(node, user, now)
    user.work = 'idle'
    const { unanswered } = user
    user.unanswered = null
    user.proposed = 0
    if (unanswered && isSame(unanswered.next, stored)) succeed(node, unanswered, now, out)
    else {
      // It was not carried out, or is lost again; and what stood there before it may be lost as well.
      user.known ??= unanswered?.before ?? null
      if (unanswered) markWritten(user, unanswered.changes)
      if (unanswered && isNewer(stored, unanswered.next))
        doubtOpens(node, user, unanswered.changes, stored, now, out)
      if (unanswered) dropRepairs(user)
      face(node, user, stored, now, out)
      user.knownAt = now
    }
    markUser(node, user)
  })
}

/** The first so many of what waits were written, and no answer came. */
function markWritten(user: User, changes: number): void {
  user.queue = user.queue.map((queued, index) => (index < changes ? { ...queued, mayBeDone: true } : queued))
}

/** A swap of which no answer came has been carried out. */
function isSame(next: VersionedRecord, { epoch, version, record }: StoredRecord): boolean {
  return (
    next.epoch === epoch &&
    next.version === version &&
    JSON.stringify(sessionIds(next.record)) === JSON.stringify(sessionIds(record ?? EMPTY_RECORD))
  )
}

function sessionIds({ sessions }: UserRecord): string[] {
  return sessions.map(({ id }) => id).sort()
}

/** The storage has swapped, or found something else, or failed. */
export function onSwapped(
  node: NodeState,
  proposals: readonly Proposal[],
  reply: SwapReply | null,
  now: number,
  out: NodeAction[],
): void {
  if (reply?.results.includes('late')) noteLate(node, reply.now, now)
  proposals.forEach((proposal, index) => {
    const { user } = proposal
    const result = reply?.results[index]
    if (result === undefined || result === 'failed') return forgetRecord(node, proposal, now)
    user.proposed = 0
    user.work = 'idle'
    if (result === 'done') return succeed(node, proposal, now, out)
    if (result !== 'late') {
      dropRepairs(user)
      // What another node has told of meanwhile may have been written since: what stood there before is no loss of that.
      const isPast = user.known !== proposal.before && user.known !== null && isNewer(user.known, result)
      if (!isPast) face(node, user, result, now, out)
    }
    markUser(node, user)
  })
}

/** The user's deadline has come: a choice lapses, or held work goes on. */
export function userDue(node: NodeState, user: User, now: number, out: NodeAction[]): void {
  if (user.retryAt !== null && now >= user.retryAt) {
    user.retryAt = null
    if (user.work === 'held') user.work = 'idle'
    if (user.fanout === 'failed') user.fanout = 'none'
  }
  if (userLapsesAt(node, user) <= now || isUnseenTooLong(node, user, now)) queueLapse(node, user)
  if (user.queue.length > 0) markUser(node, user)
  pursueFanout(node, user, now, out)
  scheduleUser(node, user)
}

/** Once is enough, however long the storage takes. */
function queueLapse(node: NodeState, user: User): void {
  if (user.queue.some(({ change }, index) => index >= user.proposed && change.type === 'lapse')) return
  const unseenMs = node.config.timing.publishDelayMs
  user.queue = [...user.queue, { change: { type: 'lapse', unseenMs }, waiter: null }]
}

/** The storage's clock was stepped back since the user came. */
function isUnseenTooLong(node: NodeState, { known }: User, now: number): boolean {
  return (known?.record.shownFrom ?? 0) > storageTime(node, now) + node.config.timing.publishDelayMs
}

/** No flush has told of this epoch yet: where the records were lost the node's entry may be lost with them. */
function isUnheardOf({ sharing }: NodeState, { epoch }: VersionedRecord): boolean {
  return sharing !== null && (epoch === 0 || epoch > sharing.epoch)
}

/** Or the node would leave sessions behind that stand in no entry, and that nobody would end if it died now. */
function waitForFlush(node: NodeState, user: User, now: number): void {
  const { sharing, wheel } = node
  if (sharing?.flushSentAt === null) schedule(wheel, sharing.duties.flush, now)
  if (user.known?.epoch === 0) user.known = null
  holdUser(node, user, now, RETRY_MS)
}

function load(node: NodeState, users: readonly User[], out: NodeAction[]): void {
  for (const user of users) user.work = 'reading'
  const request = file(node, node.reads, { type: 'load', users })
  out.push({ type: 'read', request, ids: users.map(({ id }) => id) })
}

function swap(node: NodeState, proposals: readonly Proposal[], now: number, out: NodeAction[]): void {
  for (const { user, changes } of proposals) {
    user.work = 'swapping'
    user.proposed = changes
  }
  const request = file(node, node.swaps, proposals)
  const swaps = proposals.map(({ user, before, next }) => ({
    id: user.id,
    expected: before,
    version: next.version,
    record: next.record,
  }))
  out.push({ type: 'swap', request, swaps, stamp: stampOf(node, now) })
}

/** The part of the storage that has this user is out. Others, who hold their sessions too, may be later to find it back. */
function leaveAlone(node: NodeState, user: User, now: number): void {
  startHold(node, now)
  holdUser(node, user, now, RETRY_MS)
}

/** A swap without an answer may have been carried out: what stands there is read again. */
function forgetRecord(node: NodeState, proposal: Proposal, now: number): void {
  const { user } = proposal
  user.unanswered = proposal
  user.known = null
  leaveAlone(node, user, now)
}
