/**
 * What the storage holds of the users of this node, learned from others who wrote it, and what it has lost: a record that
 * is older than what this node has seen there is put back, and no transition made of it.
 */
import { doubtAbsent } from './asking.ts'
import { sameView, UNKNOWN_VIEW } from '../core/model.ts'
import { EMPTY_RECORD, type SessionEntry, type UserRecord, viewOf } from '../core/record.ts'
import { applyChange, type RecordChange } from '../core/record-change.ts'
import { isNewer, type VersionedRecord } from '../core/version.ts'
import { endingSessions, holdEnds, markUser } from './changes.ts'
import { scheduleUser } from './deadlines.ts'
import type { NodeAction } from './machine.ts'
import { AT_ANY_TIME } from './presence-of.ts'
import { tellSelf } from './self.ts'
import { startHold } from './standing.ts'
import type { User } from './entities.ts'
import { type NodeState, storageTime } from './state.ts'
import type { StoredRecord } from './storage/contract.ts'

/** What is read for whatever reason may be news of a user who is here. */
export function learnAll(
  node: NodeState,
  ids: readonly string[],
  records: readonly (StoredRecord | null)[],
  now: number,
  out: NodeAction[],
): void {
  // Where nobody else writes there is no news.
  if (!node.sharing) return
  ids.forEach((id, index) => {
    const user = node.users.get(id)
    const stored = records[index]
    if (user?.known && stored?.record) learn(node, user, stored, now, out)
  })
}

/** A record of a user of this node, as somebody else has written it. Whoever did that tells the watchers. */
export function learn(
  node: NodeState,
  user: User,
  stored: StoredRecord,
  now: number,
  out: NodeAction[],
): void {
  const { known } = user
  if (known && !isNewer(stored, known)) return
  // What became of a swap without an answer must be found out first.
  if (user.unanswered) return
  adopt(user, stored, now)
  const { kicked = 0, invalidated = 0 } = stored.record ?? EMPTY_RECORD
  if (kicked > user.kicked && known) node.concerns.push({ type: 'kick', user: user.id })
  if (invalidated > user.invalidated && known) node.concerns.push({ type: 'review', user: user.id })
  user.kicked = Math.max(user.kicked, kicked)
  user.invalidated = Math.max(user.invalidated, invalidated)
  if (known) tellSelf(node, user, [], now, out)
  if (known && lacksChoice(node, known, stored, now)) {
    queueFirst(node, user, choiceAlone(node, user, known.record, stored))
  }
  scheduleUser(node, user)
}

/**
 * Whether another node was the first to write after a loss, and did not know of the last choice. In the same epoch one
 * from the time to come is no better: it was made before the storage's clock was stepped back.
 */
function lacksChoice(node: NodeState, known: VersionedRecord, stored: StoredRecord, now: number): boolean {
  const knownAt = chosenAt(known.record)
  if (knownAt <= chosenAt(stored.record)) return false
  return known.epoch < stored.epoch || knownAt <= storageTime(node, now)
}

/** Who does not stand in what others wrote may have been superseded there: they come back by a sign of life, if at all. */
function choiceAlone(node: NodeState, user: User, lost: UserRecord, { record }: StoredRecord): RecordChange {
  const change = reconciliation(node, user, lost)
  const left = new Set(record?.sessions.map(({ id }) => id))
  return { ...change, sessions: change.sessions.filter(({ id }) => left.has(id)) }
}

function chosenAt(record: UserRecord | null): number {
  return record?.chosenAt ?? 0
}

/** What certainly stands in the storage: news, or less than this node has seen there before. */
export function face(
  node: NodeState,
  user: User,
  stored: StoredRecord,
  now: number,
  out: NodeAction[],
): void {
  const { known } = user
  const isLoss = known !== null && known.version > 0 && (isNewer(known, stored) || !stored.record)
  // Nothing stood there before a replica took over that had not seen a wipe: its older epoch counts.
  if (known?.version === 0 && isNewer(known, stored)) user.known = null
  if (!isLoss || !node.sharing) return learn(node, user, stored, now, out)
  node.sharing.comparison.repairs++
  // What other nodes have put there may be lost as well: until they have put it back nobody's end is decided.
  startHold(node, now)
  holdEnds(node, user, now)
  user.floor = Math.max(user.floor, known.version)
  user.known = { ...stored, record: stored.record ?? EMPTY_RECORD }
  doubtAbsent(node, user, now, out)
  // It is put back at once, and nothing of it made known.
  const time = storageTime(node, now)
  putBack(node, user, asWritten(user, known.record, time), lostEnds(known, stored, time))
}

/** With what was written and not answered: it may have been lost as well. */
function asWritten({ queue, heldEnds }: User, record: UserRecord, time: number): UserRecord {
  const written = [...queue, ...heldEnds].filter(({ mayBeDone }) => mayBeDone)
  return written.reduce((so, { change }) => applyChange(so, change, time), record)
}

/**
 * What stands there is a past of what was lost, if the epoch is the same: what had gone since is over. But not where that
 * is from the time to come: the storage's clock was stepped back, and who came since stands there by a lower version.
 */
function lostEnds(known: VersionedRecord, { epoch, record }: StoredRecord, time: number): SessionEntry[] {
  if (epoch !== known.epoch || known.version > time || !record) return []
  const left = new Set(known.record.sessions.map(({ id }) => id))
  return record.sessions.filter(({ id }) => !left.has(id))
}

/** Whoever has none of the sessions that are lost leaves it to those who do; but not who has asked for theirs, or may have ended it. */
function putBack(node: NodeState, user: User, lost: UserRecord, over: readonly SessionEntry[]): void {
  const change = { ...reconciliation(node, user, lost), over }
  const isOwn =
    user.sessions.some(({ doubted }) => doubted) ||
    [...user.queue, ...user.heldEnds].some(({ mayBeDone }) => mayBeDone)
  if (change.sessions.length === 0 && lost.sessions.length > 0 && over.length === 0 && !isOwn) return
  queueFirst(node, user, change)
}

function queueFirst(node: NodeState, user: User, change: RecordChange): void {
  const queued = { change, waiter: null }
  user.queue = [...user.queue.slice(0, user.proposed), queued, ...user.queue.slice(user.proposed)]
  markUser(node, user)
}

/** What this node knows of its own sessions of a user. */
export function reconciliation(
  node: NodeState,
  user: User,
  lost: UserRecord | null,
): Extract<RecordChange, { type: 'reconcile' }> {
  const sessions = user.sessions.filter(
    ({ phase, doubted }) => (phase === 'live' || phase === 'grace') && !doubted,
  )
  const over = endingSessions(user)
  // Those whose end is held count as live until it is decided.
  const ending = (lost ?? user.known?.record ?? EMPTY_RECORD).sessions.filter(({ id }) => over.has(id))
  const entries = [...sessions, ...ending].map(({ id, activity }) => ({
    id,
    node: node.incarnation,
    activity,
  }))
  return { type: 'reconcile', address: node.config.address, sessions: entries, lost, over: [] }
}

/** From now on this is what the storage holds, as far as this node knows. Nothing there shows nothing new. */
export function adopt(user: User, { epoch, version, record }: StoredRecord, now: number): void {
  user.known = { epoch, version, record: record ?? EMPTY_RECORD }
  user.knownAt = now
  const view = viewOf(user.known.record, AT_ANY_TIME)
  if (user.view === UNKNOWN_VIEW || (record && !sameView(user.view, view))) user.view = view
}
