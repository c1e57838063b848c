/** What is to stand in the storage for a user, by all that waits for them. */
import { sameView } from '../core/model.ts'
import { type SessionEntry, type UserRecord, viewOf } from '../core/record.ts'
import { applyChange, type RecordChange } from '../core/record-change.ts'
import { nextVersion, type VersionedRecord } from '../core/version.ts'
import { holdUser } from './changes.ts'
import { RETRY_MS, scheduleUser } from './deadlines.ts'
import type { Proposal, User } from './entities.ts'
import { isUnderWay } from './entry.ts'
import type { NodeAction } from './machine.ts'
import { countEvent } from './meter.ts'
import { AT_ANY_TIME } from './presence-of.ts'
import { checkSessions } from './repair.ts'
import { settle } from './settling.ts'
import { isHolding, isYoung } from './standing.ts'
import { type NodeState, storageTime } from './state.ts'

/** Above the limit of changes a minute the newest goes out once in this time. */
const HOLD_MS = 1_000
const MINUTE_MS = 60_000

/** Adds what is to be written to the proposals, if anything is, and may be just now. */
export function propose(
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
    return holdUser(node, user, now, HOLD_MS)
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
  if (change.type === 'open') return { ...change, session: heldBy(holder, change.session) }
  if (change.type !== 'reconcile') return change
  const left = change.sessions.filter(({ id }) => isUnderWay(user, id))
  return { ...change, sessions: left.map((session) => heldBy(holder, session)) }
}

function heldBy(node: string, { id, activity }: SessionEntry): SessionEntry {
  return { id, node, activity }
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
