/**
 * The directory of nodes: the part of the storage contract that only several nodes need. It keeps one entry for each
 * incarnation of a node: its lease, and its sessions. It knows deadlines, and no presence rule.
 *
 * An entry's life: `flush` with `first` makes it, each `flush` extends its lease. Once the lease has lapsed anybody may
 * `claim` it; from then on its own node has lost it for good. The claimant takes its sessions out one by one (`discharge`),
 * after it has taken them out of their users' records; with the last one the entry goes.
 */
import type { Awaitable } from '../../core/awaitable.ts'
import type { Stamp } from './stamp.ts'

/** A session, and whose it is. */
export interface SessionOwner {
  /** Never used again. */
  readonly id: string
  /** The user whose session it is. */
  readonly user: string
}

/** A session of which there was no sign of life lately. */
export interface SilentSession {
  /** The session. */
  readonly id: string
  /** How long ago its last sign of life was as this was sent. */
  readonly ageMs: number
}

/** A session that a dead node has left. */
export interface LeftSession extends SessionOwner {
  /** Its last sign of life, storage time, where it was silent at the last flush; otherwise `null`. */
  readonly lastLifeAt: number | null
}

/** A node says that it is alive. */
export interface Flush extends Stamp {
  /** Which run of which node; never used again. */
  readonly incarnation: string
  /** Makes the entry; otherwise it must be there. */
  readonly first: boolean
  /** The lease lapses so long after the storage's time. */
  readonly leaseMs: number
  /** Sessions of which there was no sign of life lately, and how long ago the last one was as this was sent. */
  readonly silent: readonly SilentSession[]
  /** Sessions that are to be taken off the entry. */
  readonly gone: readonly string[]
}

/** An incarnation in the directory. */
export interface ListedNode {
  /** Which run of which node. */
  readonly incarnation: string
  /** When its lease lapses; storage time. */
  readonly leaseUntil: number
}

/** The answer to a flush. */
export interface FlushReply {
  /** The storage's time, epoch milliseconds. */
  readonly now: number
  /** `late`: nothing was changed. `lost`: the entry is gone or claimed, and nothing was changed. */
  readonly outcome: 'kept' | 'late' | 'lost'
  /** The instant of the flush before this one, as the entry had it; 0: it had none. An older one than the node knows of: the storage has lost writes. */
  readonly flushedBefore: number
  /** So many sessions stand in the entry now. */
  readonly sessions: number
  /** The greatest epoch of any part of the storage; a part that has none begins one now. */
  readonly epoch: number
  /** Every incarnation in the directory, this one among them. */
  readonly nodes: readonly ListedNode[]
}

/** The answer to a call that changes an entry. */
export interface EntryReply {
  /** The storage's time, epoch milliseconds. */
  readonly now: number
  /** `late`: nothing was changed. `lost`: the entry is not (any more) the caller's, and nothing was changed. */
  readonly outcome: 'done' | 'late' | 'lost'
}

/** A node wants to take over what a dead one has left. */
export interface Claim extends Stamp {
  /** Whose entry. */
  readonly incarnation: string
  /** Who claims it. */
  readonly by: string
  /** How long the claim holds, and the longest that a lease can still run; who claims again extends it. */
  readonly leaseMs: number
}

/** The answer to a claim. */
export interface ClaimReply {
  /** The storage's time, epoch milliseconds. */
  readonly now: number
  /** `alive`: its lease runs. `taken`: somebody else has claimed it. `gone`: there is no entry. `late`: nothing was changed. */
  readonly outcome: 'claimed' | 'alive' | 'taken' | 'gone' | 'late'
  /** The instant of its last flush, storage time: `min(now, sentAt)` of that flush. */
  readonly flushedAt: number
  /** What is left of its sessions. */
  readonly sessions: readonly LeftSession[]
}

/**
 * Keeps the entries of the nodes.
 *
 * 1. `flush` MUST extend the lease to `now + leaseMs`, note `min(now, sentAt)` as the instant of the flush and tell that
 *    of the one before, replace the silent sessions by those given, and take those `gone` off the entry, in one atomic step.
 * 2. `flush` without `first` MUST change nothing and say `lost` where the entry is missing or was ever claimed. With
 *    `first` it makes the entry; sent again it MUST do no harm.
 * 3. An incarnation MUST be listed before its entry is made, and until after its entry is gone; every flush lists it again.
 * 4. `enlist` MUST add sessions to the entry, again and again without harm, and MUST change nothing and say `lost` where
 *    the entry is missing or was claimed.
 * 5. `claim` MUST succeed only where the lease has lapsed, or lies further ahead than `leaseMs` and a second (a clock was
 *    stepped back), and nobody else's claim runs. A claim holds for `leaseMs`; claimed again by the same it is extended.
 * 6. `discharge` MUST take sessions off an entry that the caller has claimed, and the entry with the last of them, and
 *    MUST say `lost` where the claim is another's. An entry that is gone is `done`, and taken off the list.
 * 7. `release` MUST make the lease lapse at once.
 * 8. Every call MUST change nothing and say `late` where the storage's time is further from `sentAt` than `toleranceMs`;
 *    `release` needs no stamp.
 */
export interface NodeDirectory {
  /** Extends the lease of a node, and tells what there is to know of the others. */
  flush(flush: Flush): Awaitable<FlushReply>
  /** Adds sessions to a node's entry. */
  enlist(incarnation: string, sessions: readonly SessionOwner[], stamp: Stamp): Awaitable<EntryReply>
  /** Takes over what a dead node has left, or goes on with it. */
  claim(claim: Claim): Awaitable<ClaimReply>
  /** These sessions of a claimed entry are dealt with. */
  discharge(incarnation: string, by: string, sessions: readonly string[], stamp: Stamp): Awaitable<EntryReply>
  /** A node gives up its lease: it goes, and its sessions are anybody's to end in their time. */
  release(incarnation: string): Awaitable<void>
}
