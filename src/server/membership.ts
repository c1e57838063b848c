/**
 * A node among others: it flushes its lease every F, keeps its sessions in its entry, and knows from the answers how the
 * storage does. States: see `Standing` in sharing.ts.
 *
 * answer of a flush | what follows
 * ------------------|--------------------------------------------------------------------------------
 * kept              | the lease runs on; after an outage R begins; after that, and after a loss, everything is compared
 * late              | the clock or the way was held up: R begins, the flush goes out again by the new time
 * lost              | others may have ended its sessions: it joins again, as its next incarnation
 * none within 0.8 F | outage: nothing is decided, what is known is stale
 */
import { loseLease, mayWrite, nextIncarnation, noteFlush, toleranceMs } from '../core/lease.ts'
import { INTERVAL_SPREAD } from '../core/timing.ts'
import { compareAll, compareSoon, planComparison } from './comparison.ts'
import { gatherSessions, hasLost, sendNewcomers, takeIn } from './entry.ts'
import { listen, sendCanary } from './hearing.ts'
import type { NodeAction, RequestId } from './machine.ts'
import { greet, post, repeatNumbers } from './mail.ts'
import { forgetListed } from './orphans.ts'
import { markUser } from './changes.ts'
import { sweep } from './reaper.ts'
import { encode } from '../core/codec.ts'
import { sendFrame } from './outbox.ts'
import type { Sharing } from './sharing.ts'
import { hold, isFenced, noteLate, otherNodes, stampOf, startHold } from './standing.ts'
import { type NodeState, storageTime, take } from './state.ts'
import type { EntryReply, FlushReply } from './storage/nodes.ts'
import { askTurn } from './turn.ts'
import { cancel, schedule } from './wheel.ts'

/** After a flush that failed the next is tried the sooner: what it ends is an outage. */
const RETRIES_A_FLUSH = 5

/** The node begins. */
export function join(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing, config } = node
  if (!sharing) return
  listen(node, out)
  planComparison(node, now)
  schedule(node.wheel, sharing.duties.sweep, now + config.timing.sweepMs)
  flush(node, now, out)
}

/** Every F: the node says that it is alive. */
export function flushDue(node: NodeState, now: number, out: NodeAction[]): void {
  sendCanary(node, now, out)
  repeatNumbers(node, out)
  if (node.sharing?.flushSentAt === null) flush(node, now, out)
  else if (node.sharing) schedule(node.wheel, node.sharing.duties.flush, now + node.config.timing.flushMs)
}

function flush(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing, config } = node
  if (!sharing) return
  const { flushMs, leaseMs } = config.timing
  const gone = [...sharing.gone]
  const kept = gone.filter((id) => sharing.entry.has(id)).length
  const stamp = stampOf(node, now)
  sharing.flushed = { sentAt: stamp.sentAt, gone, least: sharing.entry.size - kept }
  sharing.flushSentAt = now
  schedule(node.wheel, sharing.duties.flush, now + flushMs)
  schedule(node.wheel, sharing.duties.answer, now + toleranceMs(config.timing))
  out.push({
    type: 'flush',
    flush: {
      incarnation: node.incarnation,
      first: sharing.standing === 'joining',
      leaseMs,
      silent: silentSessions(node, now),
      gone,
      ...stamp,
    },
  })
}

/** Those that have missed an answer. Of all others their last sign of life is known to within a heartbeat. */
function silentSessions({ sharing, users, config }: NodeState, now: number): { id: string; ageMs: number }[] {
  const silent: { id: string; ageMs: number }[] = []
  const most = (1 + INTERVAL_SPREAD) * config.timing.intervalMs
  for (const user of users.values()) {
    for (const { id, heartbeat } of user.sessions) {
      const ageMs = Math.round(now - heartbeat.lastLifeAt)
      if (ageMs > most && sharing?.entry.has(id)) silent.push({ id, ageMs })
    }
  }
  return silent
}

/** No answer in time. */
export function answerDue(node: NodeState, out: NodeAction[]): void {
  if (node.sharing?.flushSentAt != null) declareOutage(node, out)
}

/** The directory has answered a flush, or failed to. */
export function onFlushed(node: NodeState, reply: FlushReply | null, now: number, out: NodeAction[]): void {
  const { sharing, config } = node
  if (!sharing || sharing.flushSentAt === null) return
  const sentAt = sharing.flushSentAt
  sharing.flushSentAt = null
  cancel(node.wheel, sharing.duties.answer)
  if (!reply) {
    schedule(node.wheel, sharing.duties.flush, now + config.timing.flushMs / RETRIES_A_FLUSH)
    return declareOutage(node, out)
  }
  const isTimely = now - sentAt <= toleranceMs(config.timing)
  if (isTimely || !sharing.knowsTime) node.storageOffset = reply.now - now
  switch (reply.outcome) {
    case 'late':
      if (sharing.knowsTime) startHold(node, now)
      sharing.knowsTime ||= true
      return flush(node, now, out)
    case 'lost':
      return joinAgain(node, now, out)
    case 'kept':
      sharing.knowsTime = true
      // Whoever had no lease any more, frozen perhaps, may have missed that the storage was out for all.
      if (sharing.standing === 'joined' && !mayWrite(sharing.lease, now, config.timing)) startHold(node, now)
      noteFlush(sharing.lease, sentAt)
      for (const id of sharing.flushed.gone) {
        sharing.gone.delete(id)
        sharing.entry.delete(id)
      }
      noteDirectory(node, reply, sentAt, now, out)
      if (!isTimely) return flush(node, now, out)
      return goOn(node, sharing, reply, now, out)
  }
}

/** The lease runs. */
function goOn(node: NodeState, sharing: Sharing, reply: FlushReply, now: number, out: NodeAction[]): void {
  const wasOut = sharing.outage
  sharing.outage = false
  if (wasOut) startHold(node, now)
  const isNew = noteEpoch(node, reply.epoch, now)
  const isJoining = sharing.standing === 'joining'
  const isLoss = !isJoining && hasLost(sharing, reply)
  if (isJoining) sharing.standing = 'listing'
  if (isJoining || isLoss) gatherSessions(node)
  // Which of them is not known, so all are put in again, and none is written before.
  if (isLoss) sharing.relisted = new Set(sharing.newcomers.keys())
  sharing.flushedAt = Math.min(reply.now, sharing.flushed.sentAt)
  if (sharing.standing === 'listing') return enlist(node, now, out)
  if (wasOut || isNew) return resume(node, now, out)
  enlist(node, now, out)
  // Records will have lost as much as the entry has, and this node may be gone before the next comparison.
  if (isLoss) compareSoon(node, now, out)
}

/** The node may write and speak again: what it kept back goes out, and what it missed is looked for. */
function resume(node: NodeState, now: number, out: NodeAction[]): void {
  enlist(node, now, out)
  tellStale(node, false, out)
  for (const user of node.users.values()) {
    // What was read before that may be long past, and is read again.
    user.unchecked = false
    if (user.queue.length > 0) markUser(node, user)
    if (user.untold || user.work === 'held') {
      user.retryAt = now
      schedule(node.wheel, user, now)
    }
  }
  askTurn(node, out)
  compareAll(node, now, out)
}

/** A storage that lost what it held begins a new epoch, and so does one that is used for the first time. */
function noteEpoch(node: NodeState, epoch: number, now: number): boolean {
  const { sharing, config } = node
  if (!sharing || epoch <= sharing.epoch) return false
  const isFirst = sharing.epoch === 0
  sharing.epoch = epoch
  const { recoveryHoldMs } = config.timing
  // An epoch is the time at which it began; but that clock may have been stepped, so whoever was there goes by their own.
  const age = isFirst ? Math.max(0, storageTime(node, now) - epoch) : 0
  sharing.youngUntil = now + recoveryHoldMs - age
  if (age < recoveryHoldMs) hold(node, sharing.youngUntil)
  return !isFirst
}

/**
 * It is certain now what the storage has lost: what was held is decided. And at once, however lately a comparison began:
 * of whom nothing stands there none could say anything before.
 */
export function holdDue(node: NodeState, now: number, out: NodeAction[]): void {
  for (const user of node.users.values()) if (user.heldEnds.length > 0) markUser(node, user)
  compareAll(node, now, out)
  sweep(node, now, out)
}

/** Others may have taken this node for dead, or the storage has lost its entry. Until it has joined it says nothing. */
function joinAgain(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing) return
  if (!mayWrite(sharing.lease, now, node.config.timing)) sharing.absentUntil = now
  loseLease(sharing.lease)
  // What it missed meanwhile may have been an outage for all.
  startHold(node, now)
  sharing.standing = 'joining'
  node.incarnation = nextIncarnation(node.incarnation)
  sharing.flushedAt = 0
  sharing.entry.clear()
  sharing.gone.clear()
  sharing.newcomers.clear()
  sharing.relisted.clear()
  tellStale(node, true, out)
  flush(node, now, out)
}

function declareOutage(node: NodeState, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing || sharing.outage) return
  sharing.outage = true
  tellStale(node, true, out)
}

/** Whether what all connections were told is only the last known (L4). */
function tellStale(node: NodeState, stale: boolean, out: NodeAction[]): void {
  const frame = encode({ type: 'stale', stale })
  for (const session of node.connections.values())
    if (session.phase === 'live') sendFrame(session, frame, out)
}

function noteDirectory(
  node: NodeState,
  { nodes }: FlushReply,
  sentAt: number,
  now: number,
  out: NodeAction[],
): void {
  const { sharing } = node
  if (!sharing) return
  const before = new Map(sharing.leases)
  sharing.listed = nodes
  sharing.leases.clear()
  for (const { incarnation, leaseUntil } of nodes) {
    const seen = before.get(incarnation)
    const isSame = seen?.until === leaseUntil
    sharing.leases.set(
      incarnation,
      isSame ? seen : { until: leaseUntil, notBefore: sharing.listedAt, seenAt: now },
    )
  }
  sharing.listedAt = sentAt
  // Whoever sent a message has joined before, and is listed by now or was never there.
  for (const [address, since] of sharing.arrivals) if (since < sentAt) sharing.arrivals.delete(address)
  for (const address of otherNodes(node)) greet(node, address, out)
  forgetListed(node)
}

/** Adds the newcomers to this node's entry. */
export function enlist(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing || sharing.standing === 'joining' || (sharing.standing === 'joined' && isFenced(node, now)))
    return
  sendNewcomers(node, sharing, now, out)
  noteListed(node, sharing, now, out)
}

/** The directory has taken newcomers in, or failed to: then a flush tells what is wrong, and goes on from there. */
export function onEnlisted(
  node: NodeState,
  request: RequestId,
  reply: EntryReply | null,
  now: number,
  out: NodeAction[],
): void {
  const { sharing } = node
  const sessions = sharing ? take(sharing.enlisting, request) : undefined
  if (!sharing || !sessions) return
  if (reply?.outcome === 'done') {
    takeIn(node, sharing, sessions)
    return noteListed(node, sharing, now, out)
  }
  for (const { id, user } of sessions) sharing.newcomers.set(id, user)
  if (reply?.outcome === 'lost' && sharing.flushSentAt === null) flush(node, now, out)
  if (reply?.outcome !== 'late') return
  noteLate(node, reply.now, now)
  askTurn(node, out)
}

/** The last session stands in the entry: the node has joined. */
function noteListed(node: NodeState, sharing: Sharing, now: number, out: NodeAction[]): void {
  if (sharing.standing !== 'listing' || sharing.enlisting.size + sharing.newcomers.size > 0) return
  // Where the lease ran out meanwhile the next flush goes on from here: until then nothing may be done of what follows.
  if (sharing.outage || !mayWrite(sharing.lease, now, node.config.timing)) return
  sharing.standing = 'joined'
  for (const address of otherNodes(node)) post(node, address, ['here', '', 0], out)
  resume(node, now, out)
}
