/**
 * Leases and deadlines, for nodes that share a storage. Deadlines are data in storage time, not timers of the storage:
 * a stepped clock must turn neither into mass offline nor into hours of stale online.
 *
 * A node writes its lease and its sessions' last heartbeats every F (the *flush*). What it may do in between hangs on
 * when its last good flush was *sent*, for the storage may have carried it out any time after that.
 *
 * lease    | flushed                            | lapses
 * ---------|------------------------------------|------------------------------------------
 * none     | → held, since the flush was sent   |
 * held     | held, since the later flush        | L − F after it was sent: → none (fenced)
 */
import type { Timing } from './timing.ts'

/** Where a node is reached, whatever incarnation it has come to: the part of the name that its incarnations share. */
export function addressOf(incarnation: string): string {
  return incarnation.slice(0, incarnation.lastIndexOf('.'))
}

/** What a node is called when it begins. */
export function firstIncarnation(address: string): string {
  return `${address}.1`
}

/** What it is called when it has lost its lease under the name that it had. */
export function nextIncarnation(incarnation: string): string {
  return `${addressOf(incarnation)}.${countOf(incarnation) + 1}`
}

/** Whether an incarnation is the given one, or one that its node had before. */
export function isUpTo(incarnation: string, last: string): boolean {
  return addressOf(incarnation) === addressOf(last) && countOf(incarnation) <= countOf(last)
}

function countOf(incarnation: string): number {
  return Number(incarnation.slice(incarnation.lastIndexOf('.') + 1))
}

/** How far a clock may be from the storage's for a call to count. */
export function toleranceMs({ flushMs }: Timing): number {
  return LATE_PART * flushMs
}

/** A node's own view of its lease. Changed in place. */
export interface Lease {
  /** Monotonic time at which the last good flush was sent; `null`: there is none. */
  flushSentAt: number | null
}

/** A call that reached the storage this much of F before or after its `sentAt` was held up: it must change nothing. */
const LATE_PART = 0.8
/** No deadline lies further ahead than T and this. */
const CLOCK_SLACK_MS = 1_000

export function createLease(): Lease {
  return { flushSentAt: null }
}

/** A flush that was sent at `sentAt` has been acknowledged. Answers may overtake each other: the latest sent counts. */
export function noteFlush(lease: Lease, sentAt: number): void {
  lease.flushSentAt = Math.max(lease.flushSentAt ?? sentAt, sentAt)
}

/** The node has found its lease gone, or its storage in a new epoch: it must flush before it does anything else. */
export function loseLease(lease: Lease): void {
  lease.flushSentAt = null
}

/**
 * Whether the node may write and send what is not marked stale (S13). It stops F before others may take its lease for
 * lapsed, so that a write under way is carried out before that or comes late.
 */
export function mayWrite(lease: Lease, now: number, { leaseMs, flushMs }: Timing): boolean {
  return lease.flushSentAt !== null && now - lease.flushSentAt <= leaseMs - flushMs
}

/** Whether a call came to the storage too late, or from a clock too far away, to change anything. */
export function isLate(sentAt: number, storageNow: number, { flushMs }: Timing): boolean {
  return Math.abs(storageNow - sentAt) > LATE_PART * flushMs
}

/** The instant, in storage time, of what was `ageMs` old as its report was sent. Never in the storage's future (S6). */
export function instantOf(ageMs: number, sentAt: number, storageNow: number): number {
  return Math.min(storageNow, sentAt) - ageMs
}

/** When a lease that is written now lapses; storage time. */
export function leaseDeadline(storageNow: number, { leaseMs }: Timing): number {
  return storageNow + leaseMs
}

/** When a session expires that was last heard of at `lastHeartbeatAt`; storage time. */
export function sessionDeadline(lastHeartbeatAt: number, { timeoutMs }: Timing): number {
  return lastHeartbeatAt + timeoutMs
}

/**
 * Whether a deadline is over. One that lies further ahead than any can (S14) was written before the storage's clock was
 * stepped back; it is taken for the furthest that can be, as of `seenAt`, when this node first saw it.
 */
export function isOver(
  deadline: number,
  seenAt: number,
  storageNow: number,
  { timeoutMs }: Pick<Timing, 'timeoutMs'>,
): boolean {
  return storageNow >= Math.min(deadline, seenAt + timeoutMs + CLOCK_SLACK_MS)
}
