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
import { sameView } from '../core/model.ts'
import { applyChange, EMPTY_RECORD, type RecordChange, type UserRecord, viewOf } from '../core/record.ts'
import { isNewer, nextVersion, type VersionedRecord } from '../core/version.ts'
import { holdEnds, markUser } from './changes.ts'
import { RETRY_MS, scheduleUser, userLapsesAt } from './deadlines.ts'
import { isUnderWay, waitsForEntry } from './entry.ts'
import { pursueFanout } from './fanout.ts'
import { adopt, face } from './learning.ts'
import type { NodeAction } from './machine.ts'
import { countEvent } from './meter.ts'
import { AT_ANY_TIME } from './presence-of.ts'
import { forgetIdleUser, isConnected, sessionOf } from './registry.ts'
import { checkSessions } from './repair.ts'
import { tellSelf } from './self.ts'
import { takeOffEntry } from './sharing.ts'
import { isFenced, isHolding, isYoung, noteLate, stampOf, startHold } from './standing.ts'
import type { Proposal, QueuedChange, User, Waiter } from './entities.ts'
import type { ReadPurpose } from './purposes.ts'
import { file, type NodeState, storageTime } from './state.ts'
import type { ReadReply, StoredRecord, SwapReply } from './storage/contract.ts'
import { noteTransition, tellHolders } from './transition.ts'
import { askUsersTurn } from './turn.ts'
import { schedule } from './wheel.ts'

/** Above the limit of changes a minute the newest goes out once in this time. */
const HOLD_MS = 1_000
const MINUTE_MS = 60_000
/** What follows from a change of one, with a hundred contacts, takes some 100 µs. */
const USERS_IN_ONE_TURN = 64
const NONE: readonly QueuedChange[] = []

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
      if (unanswered && isNewer(stored, unanswered.next)) dropOldOpens(node, user, unanswered.changes)
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

/**
 * Others have written since a swap of which no answer came: perhaps it was carried out, and they have taken out again who
 * came by it. Whoever has no connection any more is not brought back to life (S12).
 */
function dropOldOpens(node: NodeState, user: User, changes: number): void {
  const isOld = ({ change }: QueuedChange, index: number): boolean => {
    if (index >= changes || change.type !== 'open') return false
    const session = sessionOf(user, change.session.id)
    return session === undefined || !isConnected(session)
  }
  const old = user.queue.filter(isOld)
  user.queue = user.queue.filter((queued) => !old.includes(queued))
  // Whoever is still here, in grace, is taken off by their end.
  for (const { change } of old)
    if (change.type === 'open' && !sessionOf(user, change.session.id))
      takeOffEntry(node.sharing, change.session.id)
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
    if (result !== 'late') face(node, user, result, now, out)
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
  hold(node, user, now, RETRY_MS)
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

function propose(
  node: NodeState,
  user: User,
  known: VersionedRecord,
  now: number,
  proposals: Proposal[],
  out: NodeAction[],
): void {
  const time = storageTime(node, now)
  const record = user.queue.reduce<UserRecord>(
    (so, { change }) => applyChange(so, signed(node, user, change), time),
    known.record,
  )
  if (record === known.record && known.version >= user.floor) {
    settle(node, user, user.queue.length, now, out)
    if (user.unchecked) checkSessions(node, user, now, out)
    return
  }
  if (record.sessions.length === 0 && mayBeMissing(node, known, now)) {
    // Whoever comes meanwhile need not wait.
    user.retryAt = now + RETRY_MS
    return scheduleUser(node, user)
  }
  if (!sameView(viewOf(record, AT_ANY_TIME), user.view) && changesTooOften(node, user, now)) {
    return hold(node, user, now, HOLD_MS)
  }
  const version = nextVersion(Math.max(known.version, user.floor), time, node.config.writer)
  proposals.push({
    user,
    before: known,
    seen: user.view,
    next: { epoch: known.epoch, version, record },
    changes: user.queue.length,
  })
}

/** Whether those who hold sessions of a user may still have to put them back: without any the user would show offline. */
function mayBeMissing(node: NodeState, known: VersionedRecord, now: number): boolean {
  if (known.version === 0) return isYoung(node, known.epoch, now)
  // Even who saw the last one go need not have seen the next one come.
  return known.record.sessions.length > 0 && isHolding(node, now)
}

/** A session is held under the name that the node has when it is written; who is gone by then is not put back. */
function signed(node: NodeState, user: User, change: RecordChange): RecordChange {
  const holder = node.incarnation
  if (change.type === 'open') return { ...change, session: { ...change.session, node: holder } }
  if (change.type !== 'reconcile') return change
  const left = change.sessions.filter(({ id }) => isUnderWay(user, id))
  return { ...change, sessions: left.map((session) => ({ ...session, node: holder })) }
}

/** A hold starts a new count, so that what was held goes out when it ends. */
function changesTooOften(node: NodeState, user: User, now: number): boolean {
  const { changesPerMinute } = node.config.limits
  if (changesPerMinute === 0) return false
  const count = countEvent(user.changes, now, MINUTE_MS)
  if (count <= changesPerMinute) return false
  user.changes.count = changesPerMinute - 1
  return true
}

function hold(node: NodeState, user: User, now: number, holdMs: number): void {
  user.work = 'held'
  user.retryAt = now + holdMs
  scheduleUser(node, user)
}

/** The part of the storage that has this user is out. Others, who hold their sessions too, may be later to find it back. */
function leaveAlone(node: NodeState, user: User, now: number): void {
  startHold(node, now)
  hold(node, user, now, RETRY_MS)
}

/** A swap without an answer may have been carried out: what stands there is read again. */
function forgetRecord(node: NodeState, proposal: Proposal, now: number): void {
  const { user } = proposal
  user.unanswered = proposal
  user.known = null
  leaveAlone(node, user, now)
}

/** What was proposed stands in the storage. */
function succeed(node: NodeState, proposal: Proposal, now: number, out: NodeAction[]): void {
  const { user, before, next } = proposal
  // What was read meanwhile may be this, or what has followed it.
  if (!user.known || isNewer(next, user.known)) adopt(user, next, now)
  user.kicked = Math.max(user.kicked, next.record.kicked ?? 0)
  user.invalidated = Math.max(user.invalidated, next.record.invalidated ?? 0)
  noteTransition(node, proposal, now, out)
  tellHolders(node, proposal, out)
  for (const { id } of before.record.sessions) {
    // One that is held here will be put back, or goes off when it ends.
    const isOut = !next.record.sessions.some((session) => session.id === id)
    if (isOut && !sessionOf(user, id)) takeOffEntry(node.sharing, id)
  }
  settle(node, user, proposal.changes, now, out)
  scheduleUser(node, user)
  pursueFanout(node, user, now, out)
  if (node.sharing) checkSessions(node, user, now, out)
}

/** The first so many changes of the queue stand in the storage. */
function settle(node: NodeState, user: User, changes: number, now: number, out: NodeAction[]): void {
  const settled = user.queue.slice(0, changes)
  user.queue = changes < user.queue.length ? user.queue.slice(changes) : NONE
  for (const queued of settled) {
    if (queued.waiter) answer(node, queued.waiter, out)
    takeOffEntry(node.sharing, goneBy(queued.change))
  }
  tellSelf(node, user, settled, now, out)
  // What was held may have come free meanwhile.
  if (user.queue.length + user.heldEnds.length > 0) markUser(node, user)
  else forgetIdleUser(node, user, now)
}

function answer(node: NodeState, waiter: Waiter, out: NodeAction[]): void {
  if (waiter.type === 'announcement' && waiter.session.phase === 'announcing') {
    waiter.session.phase = 'live'
    node.ready.push(waiter.session)
  }
  if (waiter.type === 'command') out.push({ type: 'reply', request: waiter.request, value: undefined })
  if (waiter.type === 'reaped') node.sharing?.reaping.get(waiter.incarnation)?.done.add(waiter.session)
}

/** A session that does not stand in a record once this change does. */
function goneBy(change: RecordChange): string | null {
  // What has a node is the end of a dead incarnation's; its session may have been put back by this one.
  if (change.type === 'end') return change.node === undefined ? change.session : null
  return change.type === 'open' ? change.previous : null
}
