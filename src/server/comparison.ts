/**
 * The comparison of what is known here with the storage, by content: of all that is watched, and of this node's own
 * sessions with their users' records. It runs every A, and at once when a message is missing, a connection came back or
 * the storage began anew. Whatever was lost on any way, it is found here. One page after the other, so that it never
 * stands in anybody's way.
 */
import { sameView } from '../core/model.ts'
import { EMPTY_RECORD, viewOf } from '../core/record.ts'
import { isNewer, type Version, type VersionedRecord } from '../core/version.ts'
import type { NodeAction } from './machine.ts'
import { noteOrphans } from './orphans.ts'
import { AT_ANY_TIME } from './presence-of.ts'
import { changePresence } from './changes.ts'
import { face } from './learning.ts'
import { userOf } from './registry.ts'
import { checkSessions } from './repair.ts'
import type { Comparison } from './sharing.ts'
import { isFenced, isYoung, startHold } from './standing.ts'
import type { Watched } from './entities.ts'
import type { ReadPurpose } from './purposes.ts'
import { file, type NodeState, nextSpread } from './state.ts'
import type { ReadReply, StoredRecord } from './storage/contract.ts'
import { noteInvalidation, tellWatchers } from './tell.ts'
import { forgetOrder } from './watch.ts'
import { schedule } from './wheel.ts'

const PAGE_RECORDS = 1_000
/** Comparisons are spread by this part of A to either side, so that nodes do not compare in step. */
const SPREAD = 0.2

/** Plans the next one, A from now. */
export function planComparison(node: NodeState, now: number): void {
  const { compareMs } = node.config.timing
  const factor = 1 - SPREAD + 2 * SPREAD * nextSpread(node)
  if (node.sharing) schedule(node.wheel, node.sharing.duties.compare, now + factor * compareMs)
}

/** Something may have been missed. However often that is said, one comparison begins in F. */
export function compareSoon(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing, config } = node
  if (!sharing) return
  const { comparison } = sharing
  const earliest = comparison.startedAt + config.timing.flushMs
  if (comparison.running) comparison.again = true
  else if (now >= earliest) compareAll(node, now, out)
  else schedule(node.wheel, sharing.duties.compare, Math.min(sharing.duties.compare.dueAt, earliest))
}

/** Begins at once. */
export function compareAll(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing) return
  planComparison(node, now)
  const { comparison } = sharing
  if (comparison.running) {
    comparison.again = true
    return
  }
  if (isFenced(node, now)) return
  comparison.waiting = [...new Set([...node.watched.keys(), ...node.users.keys()])]
  comparison.unread = []
  comparison.again = false
  comparison.startedAt = now
  begin(node, comparison, now, out)
}

/** F after the storage, or a part of it, did not answer: those whom it has are looked at by themselves. */
export function compareUnread(node: NodeState, now: number, out: NodeAction[]): void {
  if (!node.sharing) return
  const { comparison } = node.sharing
  if (comparison.running || isFenced(node, now)) return recheckLater(node, comparison, now)
  comparison.waiting = [...new Set(comparison.unread.splice(0))]
  if (comparison.waiting.length > 0) begin(node, comparison, now, out)
}

function begin(node: NodeState, comparison: Comparison, now: number, out: NodeAction[]): void {
  comparison.running = true
  comparePage(node, comparison, now, out)
}

function recheckLater(node: NodeState, { unread }: Comparison, now: number): void {
  if (node.sharing && unread.length > 0)
    schedule(node.wheel, node.sharing.duties.recheck, now + node.config.timing.flushMs)
}

/** The storage has told of a page. */
export function onCompared(
  node: NodeState,
  { ids, sentAt, told }: Extract<ReadPurpose, { type: 'compare' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  if (!node.sharing) return
  const { comparison } = node.sharing
  if (!reply || isFenced(node, now)) {
    // All that is watched may be among them: more than one call takes as arguments.
    comparison.unread = [...comparison.unread, ...ids, ...comparison.waiting]
    return endComparison(node, comparison, now, out)
  }
  ids.forEach((id, index) => {
    const stored = reply.records[index]
    if (stored) compareOne(node, id, stored, { at: sentAt, told: told[index] }, now, out)
    else comparison.unread.push(id)
  })
  comparePage(node, comparison, now, out)
}

function comparePage(node: NodeState, comparison: Comparison, now: number, out: NodeAction[]): void {
  const ids = comparison.waiting.splice(-PAGE_RECORDS)
  if (ids.length === 0) return endComparison(node, comparison, now, out)
  const told = ids.map((id) => node.watched.get(id)?.version)
  const request = file(node, node.reads, { type: 'compare', ids, sentAt: now, told })
  out.push({ type: 'read', request, ids })
}

function endComparison(node: NodeState, comparison: Comparison, now: number, out: NodeAction[]): void {
  comparison.running = false
  comparison.waiting = []
  recheckLater(node, comparison, now)
  if (comparison.again) compareSoon(node, now, out)
}

/** When the storage was asked, and what watchers had been told of a user by then: what it answers is as of that. */
interface AsOf {
  readonly at: number
  readonly told: Version | undefined
}

function compareOne(
  node: NodeState,
  id: string,
  stored: StoredRecord,
  asOf: AsOf,
  now: number,
  out: NodeAction[],
): void {
  const user = node.users.get(id)
  // A swap since then has made what was read a thing of the past.
  const isPast = user !== undefined && (user.work !== 'idle' || user.knownAt >= asOf.at)
  if (user?.known && !isPast) {
    face(node, user, stored, now, out)
    user.knownAt = now
  }
  // But what is known may be a message that lay unread, and be older still.
  if (user?.work === 'idle' && isPast) node.sharing?.comparison.unread.push(id)
  else if (user) checkSessions(node, user, now, out)
  const watched = node.watched.get(id)
  if (watched) compareWatched(node, watched, stored, asOf, now, out)
  if (stored.record) noteOrphans(node, id, stored, now)
}

function compareWatched(
  node: NodeState,
  watched: Watched,
  stored: StoredRecord,
  asOf: AsOf,
  now: number,
  out: NodeAction[],
): void {
  const { sharing } = node
  if (!sharing || watched.told === null) return
  const { record } = stored
  const known: VersionedRecord = { ...stored, record: record ?? EMPTY_RECORD }
  const { behind, unread } = sharing.comparison
  const isBehind = isNewer(watched.version, known) || epochTold(watched) > known.epoch
  // What was told while it was read may have been written since then.
  if (isBehind && watched.version !== asOf.told) return void unread.push(watched.id)
  // Noted at once, though the epoch be young: noted when it is no more, its hold would keep all the others waiting again.
  if (isBehind && known.epoch > 0) return noteBehind(node, watched, known, now, out)
  if (!record && isYoung(node, stored.epoch, now)) return
  behind.delete(watched.id)
  if (isNewer(known, watched.version)) sharing.comparison.repairs++
  else if (watched.strays === null && !isUnsaid(watched, stored)) return
  tellWatchers(node, watched.id, known, null, now, out)
  noteInvalidation(node, watched.id, known.record)
}

/** Of whom nothing stands there it is not known at first that they are offline (L2); under the same version it is later. */
function isUnsaid({ told }: Watched, { record }: StoredRecord): boolean {
  return !record && told !== null && !sameView(told.view, viewOf(EMPTY_RECORD, AT_ANY_TIME))
}

/** The greatest that anybody here was told of. */
function epochTold({ version, strays }: Watched): number {
  let { epoch } = version
  for (const seen of strays?.values() ?? []) epoch = Math.max(epoch, seen.version.epoch)
  return epoch
}

/**
 * A failover has lost what watchers were told. Whoever holds the user puts it back; where nobody has done so for a while,
 * nor after a hold, what the storage holds is raised above what watchers saw, and counts again.
 */
function noteBehind(
  node: NodeState,
  watched: Watched,
  known: VersionedRecord,
  now: number,
  out: NodeAction[],
): void {
  const { sharing, config } = node
  if (!sharing) return
  const { behind } = sharing.comparison
  if (!behind.has(watched.id)) startHold(node, now)
  const since = behind.get(watched.id) ?? now
  behind.set(watched.id, since)
  const until = Math.max(since, sharing.holdUntil) + 2 * config.timing.flushMs
  if (now < until) {
    const { compare } = sharing.duties
    schedule(node.wheel, compare, Math.min(compare.dueAt, until))
    return
  }
  behind.delete(watched.id)
  // A replica took over that had not seen a wipe: no version raises an epoch, so what was told counts no more.
  if (known.epoch < epochTold(watched)) {
    forgetOrder(watched)
    return tellWatchers(node, watched.id, known, null, now, out)
  }
  const user = userOf(node, watched.id, now)
  user.floor = Math.max(user.floor, watched.version.version)
  changePresence(node, user, { type: 'lapse' }, null)
}
