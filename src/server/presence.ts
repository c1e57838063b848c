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
import { type PresenceView, sameView } from '../core/model.ts'
import { applyChange, EMPTY_RECORD, type RecordChange, type UserRecord, viewOf } from '../core/record.ts'
import { isNewer, nextVersion, type VersionedRecord } from '../core/version.ts'
import { encodePresence } from '../core/codec.ts'
import { lapsesAt, scheduleUser } from './deadlines.ts'
import { pursueFanout } from './fanout.ts'
import type { NodeAction } from './machine.ts'
import { countEvent } from './meter.ts'
import { askTurn } from './outbox.ts'
import { AT_ANY_TIME, presenceOf, seenBy } from './presence-of.ts'
import { forgetIdleUser } from './registry.ts'
import { tellSelf } from './self.ts'
import {
  file,
  type NodeState,
  type Proposal,
  type QueuedChange,
  type ReadPurpose,
  storageTime,
  type User,
  type Waiter,
} from './state.ts'
import type { ReadReply, StoredRecord, SwapReply } from './storage/contract.ts'

/** Above the limit of changes a minute the newest goes out once in this time. */
const HOLD_MS = 1_000
/** How long a storage that failed is left alone. */
const RETRY_MS = 1_000
const MINUTE_MS = 60_000

/** Has a change made to a user's record. */
export function changePresence(
  node: NodeState,
  user: User,
  change: RecordChange,
  waiter: Waiter | null,
  out: NodeAction[],
): void {
  if (change.type === 'activity') dropOlderReport(user, change.session)
  user.queue.push({ change, waiter })
  markUser(node, user, out)
}

/** Of a session's reports only the newest counts; but one that somebody waits for has to be answered by itself. */
function dropOlderReport(user: User, session: string): void {
  const isOlder = ({ change, waiter }: QueuedChange, index: number): boolean =>
    index >= user.proposed && waiter === null && change.type === 'activity' && change.session === session
  const place = user.queue.findIndex(isOlder)
  if (place >= 0) user.queue.splice(place, 1)
}

/** Turns what has gathered into one read and one call of swaps. */
export function turnUsers(node: NodeState, now: number, out: NodeAction[]): void {
  const unread: User[] = []
  const proposals: Proposal[] = []
  const users = [...node.dirtyUsers]
  node.dirtyUsers.clear()
  for (const user of users) {
    if (user.work !== 'idle' || user.queue.length === 0) continue
    if (!user.known) unread.push(user)
    else propose(node, user, user.known, now, proposals, out)
  }
  if (unread.length > 0) load(node, unread, out)
  if (proposals.length > 0) swap(node, proposals, now, out)
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
    if (!stored) return hold(node, user, now, RETRY_MS)
    user.work = 'idle'
    learn(node, user, stored, now, out)
    markUser(node, user, out)
  })
}

/** The storage has swapped, or found something else, or failed. */
export function onSwapped(
  node: NodeState,
  proposals: readonly Proposal[],
  reply: SwapReply | null,
  now: number,
  out: NodeAction[],
): void {
  proposals.forEach((proposal, index) => {
    const { user } = proposal
    user.proposed = 0
    const found = reply?.results[index]
    if (found === undefined || found === 'failed' || found === 'late') return forgetRecord(node, user, now)
    user.work = 'idle'
    const isDone = found === 'done'
    learn(node, user, isDone ? proposal.next : found, now, out)
    if (isDone) settle(node, user, proposal.changes, now, out)
    else markUser(node, user, out)
  })
}

/** The user's deadline has come: a choice lapses, or held work goes on. */
export function userDue(node: NodeState, user: User, now: number, out: NodeAction[]): void {
  if (now >= user.retryAt) {
    user.retryAt = Number.POSITIVE_INFINITY
    if (user.work === 'held') user.work = 'idle'
    if (user.fanout === 'failed') user.fanout = 'none'
  }
  if (lapsesAt(node, user) <= now) queueLapse(user)
  if (user.queue.length > 0) markUser(node, user, out)
  pursueFanout(node, user, out)
  scheduleUser(node, user)
}

/** Once is enough, however long the storage takes. */
function queueLapse(user: User): void {
  if (user.queue.some(({ change }, index) => index >= user.proposed && change.type === 'lapse')) return
  user.queue.push({ change: { type: 'lapse' }, waiter: null })
}

function markUser(node: NodeState, user: User, out: NodeAction[]): void {
  if (user.work !== 'idle') return
  node.dirtyUsers.add(user)
  askTurn(node, out)
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
  const swaps = proposals.map(({ user, next }) => ({
    id: user.id,
    expected: user.known as VersionedRecord,
    version: next.version,
    record: next.record,
  }))
  out.push({ type: 'swap', request, swaps, stamp: { sentAt: storageTime(node, now), toleranceMs: Infinity } })
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
    (so, { change }) => applyChange(so, change, time),
    known.record,
  )
  if (record === known.record) return settle(node, user, user.queue.length, now, out)
  if (!sameView(viewOf(record, AT_ANY_TIME), user.view) && changesTooOften(node, user, now)) {
    return hold(node, user, now, HOLD_MS)
  }
  const next = { epoch: known.epoch, version: nextVersion(known.version, time), record }
  proposals.push({ user, next, changes: user.queue.length })
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

/** A swap without an answer may have been carried out: what stands there is read again. */
function forgetRecord(node: NodeState, user: User, now: number): void {
  user.known = null
  hold(node, user, now, RETRY_MS)
}

/** What is read for whatever reason may be news of a user who is here; told once, nobody may be told less. */
export function learnAll(
  node: NodeState,
  ids: readonly string[],
  records: readonly (StoredRecord | null)[],
  now: number,
  out: NodeAction[],
): void {
  ids.forEach((id, index) => {
    const user = node.users.get(id)
    const stored = records[index]
    if (user?.known && stored) learn(node, user, stored, now, out)
  })
}

/** A record that is newer than what was known here is news for whoever watches, whoever wrote it. */
function learn(node: NodeState, user: User, stored: StoredRecord, now: number, out: NodeAction[]): void {
  if (user.known && !isNewer(stored, user.known)) return
  const record = stored.record ?? EMPTY_RECORD
  user.known = { epoch: stored.epoch, version: stored.version, record }
  show(user, viewOf(record, AT_ANY_TIME), storageTime(node, now), out)
  pursueFanout(node, user, out)
  scheduleUser(node, user)
}

/** What is learned first is where the telling starts from; what differs from then on is a transition. */
function show(user: User, view: PresenceView, time: number, out: NodeAction[]): void {
  const before = user.view
  if (user.encoded !== '' && sameView(before, view)) return
  user.view = view
  user.encoded = encodePresence(user.id, view)
  if (user.told === '') {
    user.told = user.encoded
    return
  }
  const notice = {
    type: 'change',
    presence: presenceOf(user.id, seenBy(time, view)),
    previous: presenceOf(user.id, seenBy(time, before)),
  } as const
  out.push({ type: 'notify', notice })
}

/** The first so many changes of the queue stand in the storage. */
function settle(node: NodeState, user: User, changes: number, now: number, out: NodeAction[]): void {
  const settled = user.queue.splice(0, changes)
  for (const { waiter } of settled) if (waiter) answer(node, waiter, out)
  tellSelf(node, user, settled, now, out)
  if (user.queue.length > 0) markUser(node, user, out)
  else forgetIdleUser(node, user)
}

function answer(node: NodeState, waiter: Waiter, out: NodeAction[]): void {
  if (waiter.type === 'announcement' && waiter.session.phase === 'announcing') {
    waiter.session.phase = 'live'
    node.ready.push(waiter.session)
  }
  if (waiter.type === 'command') out.push({ type: 'reply', request: waiter.request, value: undefined })
}
