/**
 * Ends the sessions of nodes that died. A node whose lease has lapsed is claimed by one of the others; each of its
 * sessions ends T after its own last sign of life, unless its user has come back by then and taken its place. The claim
 * is a lease too: if the claimant dies, another goes on.
 */
import { INTERVAL_SPREAD } from '../core/timing.ts'
import { isOver, isUpTo, toleranceMs } from '../core/lease.ts'
import type { NodeAction, RequestId } from './machine.ts'
import { changePresence } from './changes.ts'
import { userOf } from './registry.ts'
import type { Reaping, Sharing } from './sharing.ts'
import { isFenced, isHolding, noteLate, stampOf } from './standing.ts'
import { file, type NodeState, storageTime, take } from './state.ts'
import type { ClaimReply, EntryReply, ListedNode } from './storage/nodes.ts'
import { schedule } from './wheel.ts'

/** So many sessions are ended at once, and then again after so long: 5,000 a second, which leaves room for the living. */
const BATCH_SESSIONS = 500
const BATCH_MS = 100

/** Looks for nodes that died, and goes on with those that are claimed. */
export function sweep(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing, config } = node
  if (!sharing) return
  schedule(node.wheel, sharing.duties.sweep, now + config.timing.sweepMs)
  // While it is not certain what the storage has lost, nobody is dead.
  if (isFenced(node, now) || isHolding(node, now)) return
  // Nor whether whoever is silent was cut off with all the others, from a storage that has just come back.
  if (now < sharing.beganAt + config.timing.recoveryHoldMs) return
  for (const incarnation of lapsed(node, sharing, now)) {
    const claimedAt = sharing.reaping.get(incarnation)?.claimedAt ?? Number.NEGATIVE_INFINITY
    if (now < claimedAt + config.timing.leaseMs / 2) reap(node, incarnation, now, out)
    else claim(node, sharing, incarnation, now, out)
  }
}

function lapsed(node: NodeState, sharing: Sharing, now: number): string[] {
  return sharing.listed
    .filter((one) => one.incarnation !== node.incarnation && hasLapsed(node, sharing, one, now))
    .map(({ incarnation }) => incarnation)
}

function hasLapsed(
  node: NodeState,
  { leases }: Sharing,
  { incarnation, leaseUntil }: ListedNode,
  now: number,
): boolean {
  const seenAt = storageTime(node, leases.get(incarnation)?.seenAt ?? now)
  return isOver(leaseUntil, seenAt, storageTime(node, now), { timeoutMs: node.config.timing.leaseMs })
}

/** Its node is there under a later name, and ends its sessions itself. */
function livesOn(node: NodeState, sharing: Sharing, incarnation: string, now: number): boolean {
  return sharing.listed.some(
    (one) =>
      one.incarnation !== incarnation &&
      isUpTo(incarnation, one.incarnation) &&
      !hasLapsed(node, sharing, one, now),
  )
}

function claim(node: NodeState, sharing: Sharing, incarnation: string, now: number, out: NodeAction[]): void {
  if ([...sharing.claims.values()].includes(incarnation)) return
  const request = file(node, sharing.claims, incarnation)
  const { leaseMs } = node.config.timing
  const by = node.incarnation
  out.push({ type: 'claim', request, claim: { incarnation, by, leaseMs, ...stampOf(node, now) } })
}

/** The directory has answered a claim, or failed to. */
export function onClaimed(
  node: NodeState,
  request: RequestId,
  reply: ClaimReply | null,
  now: number,
  out: NodeAction[],
): void {
  const { sharing } = node
  const incarnation = sharing ? take(sharing.claims, request) : undefined
  if (!sharing || incarnation === undefined) return
  switch (reply?.outcome) {
    case 'claimed':
      sharing.reaping.set(
        incarnation,
        reapingOf(node, incarnation, sharing.reaping.get(incarnation), reply, now),
      )
      return reap(node, incarnation, now, out)
    case 'gone':
      return discharge(node, sharing, incarnation, [], now, out)
    case 'alive':
    case 'taken':
      sharing.reaping.delete(incarnation)
      return
    case 'late':
      return noteLate(node, reply.now, now)
    case undefined:
    // The next sweep tries again.
  }
}

/** What is left of a dead node, each session with its last sign of life, or the least that is certain of it. */
function reapingOf(
  node: NodeState,
  incarnation: string,
  before: Reaping | undefined,
  reply: ClaimReply,
  now: number,
): Reaping {
  const { intervalMs } = node.config.timing
  const flushedAt = lastFlush(node, incarnation, reply)
  const heardBy = flushedAt - (1 + INTERVAL_SPREAD) * intervalMs
  const lastLife = (lastLifeAt: number | null) =>
    Math.floor(lastLifeAt === null ? heardBy : lastLifeAt + flushedAt - reply.flushedAt)
  return {
    claimedAt: now,
    sessions: new Map(
      reply.sessions.map(({ id, user, lastLifeAt }) => [id, { user, lastLifeAt: lastLife(lastLifeAt) }]),
    ),
    pending: before?.pending ?? new Set(),
    done: before?.done ?? new Set(),
  }
}

/**
 * By the storage's clock as it is now. Where that was stepped since, the flush was at some time between two answers to this
 * node, which may have been cut off in between: the later counts, so that nobody is ended too early (S2).
 */
function lastFlush(node: NodeState, incarnation: string, { flushedAt, now }: ClaimReply): number {
  const seen = node.sharing?.leases.get(incarnation)
  if (!seen) return Math.min(flushedAt, now)
  const earliest = storageTime(node, seen.notBefore)
  const latest = Math.min(storageTime(node, seen.seenAt), now)
  const isStepped = flushedAt < earliest - toleranceMs(node.config.timing)
  return isStepped ? latest : Math.min(Math.max(flushedAt, earliest), latest)
}

/** Ends whose time has come, a batch at a time. */
export function reap(node: NodeState, incarnation: string, now: number, out: NodeAction[]): void {
  const { sharing, config } = node
  const reaping = sharing?.reaping.get(incarnation)
  if (!sharing || !reaping || isFenced(node, now) || isHolding(node, now)) return
  if (reaping.sessions.size === 0) return discharge(node, sharing, incarnation, [], now, out)
  // A node that was only cut off is given the time of a flush to say so; and if it has, but a part of the storage is out
  // for it alone, as long again as a session lives to put its own under their new name.
  const { timeoutMs, flushMs } = config.timing
  const waitMs = timeoutMs + flushMs + (livesOn(node, sharing, incarnation, now) ? timeoutMs : 0)
  const time = storageTime(node, now)
  let room = BATCH_SESSIONS
  for (const [session, { user, lastLifeAt }] of reaping.sessions) {
    if (reaping.pending.has(session) || time < lastLifeAt + waitMs) continue
    if (--room < 0) break
    reaping.pending.add(session)
    const end = { type: 'end', session, node: incarnation, reason: 'node', at: lastLifeAt } as const
    const waiter = { type: 'reaped', incarnation, session } as const
    changePresence(node, userOf(node, user, now), { ...end, accuracy: 'approximate' }, waiter)
  }
  if (room < 0) schedule(node.wheel, sharing.duties.sweep, now + BATCH_MS)
}

/** Those that are out of their users' records go off the dead node's entry, and the entry with the last of them. */
export function dischargeDone(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing } = node
  for (const [incarnation, { done, sessions, pending }] of sharing?.reaping ?? []) {
    if (!sharing || done.size === 0) continue
    const ids = [...done]
    done.clear()
    for (const id of ids) {
      sessions.delete(id)
      pending.delete(id)
    }
    discharge(node, sharing, incarnation, ids, now, out)
  }
}

function discharge(
  node: NodeState,
  sharing: Sharing,
  incarnation: string,
  sessions: readonly string[],
  now: number,
  out: NodeAction[],
): void {
  const request = file(node, sharing.discharges, { incarnation, sessions })
  const by = node.incarnation
  out.push({ type: 'discharge', request, incarnation, by, sessions, stamp: stampOf(node, now) })
}

/** The directory has taken them off; what failed is claimed and found again by the next sweep. */
export function onDischarged(node: NodeState, request: RequestId, reply: EntryReply | null): void {
  const { sharing } = node
  const what = sharing ? take(sharing.discharges, request) : undefined
  if (!sharing || !what) return
  const isDone = reply?.outcome === 'done'
  const left = sharing.reaping.get(what.incarnation)?.sessions.size ?? 0
  if (isDone && left === 0)
    sharing.listed = sharing.listed.filter(({ incarnation }) => incarnation !== what.incarnation)
  if (!isDone || left === 0) sharing.reaping.delete(what.incarnation)
}
