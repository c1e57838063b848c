/** What a node keeps only where other nodes share its storage: its standing among them, as plain data. */
import { createLease, type Lease } from '../core/lease.ts'
import type { RequestId } from './machine.ts'
import type { MailItem } from './mail-format.ts'
import type { ListedNode, SessionOwner } from './storage/nodes.ts'
import type { Timed } from './wheel.ts'

/** What a node does by the clock, whoever is connected. */
export type DutyName = 'flush' | 'answer' | 'sweep' | 'compare' | 'recheck' | 'hold'

export interface Duty extends Timed {
  readonly kind: 'duty'
  readonly name: DutyName
}

/**
 * How a node stands in the directory of nodes.
 *
 * standing | ends with
 * ---------|----------------------------------------------------------------------
 * joining  | its entry is made (→ listing)
 * listing  | its sessions stand in the entry (→ joined)
 * joined   | a flush finds the entry gone or claimed (→ joining, as its next incarnation)
 */
export type Standing = 'joining' | 'listing' | 'joined'

export interface Sharing {
  /** When the node began; monotonic. */
  readonly beganAt: number
  standing: Standing
  readonly lease: Lease
  /** When the flush that is under way was sent; `null`: none is. Monotonic. */
  flushSentAt: number | null
  /** When it was last found to have had no lease; monotonic. Until then others could end its sessions, or go on with them. */
  absentUntil: number
  /** The storage has told its time at least once. */
  knowsTime: boolean
  /** The storage does not answer: nothing is decided, and what is known is stale. */
  outage: boolean
  /** Nobody is declared offline before: the storage may have lost who is online; monotonic. */
  holdUntil: number
  /** The greatest epoch seen, and until when those who are online need not be back in it; monotonic. */
  epoch: number
  youngUntil: number
  /** The sessions that this node's entry holds, and those that the next flush takes off it. */
  readonly entry: Set<string>
  readonly gone: Set<string>
  /** Sessions that the entry may have lost, and that are not back in it yet. */
  relisted: Set<string>
  /** The instant of the last good flush, as the storage notes it: an entry with an older one has lost writes. */
  flushedAt: number
  /** What `gone` was when the flush under way was sent, and how many sessions the entry must hold at the least. */
  flushed: { readonly sentAt: number; readonly gone: readonly string[]; readonly least: number }
  readonly enlisting: Map<RequestId, readonly SessionOwner[]>
  /** Sessions to be enlisted at the next turn, and whose they are. */
  readonly newcomers: Map<string, string>
  /** The directory, as of the last flush, and when each lease was first seen to run so far. */
  listed: readonly ListedNode[]
  readonly leases: Map<string, SeenLease>
  /** When that was asked for; monotonic. */
  listedAt: number
  /** Dead incarnations whose sessions this node ends. */
  readonly reaping: Map<string, Reaping>
  readonly claims: Map<RequestId, string>
  readonly discharges: Map<RequestId, Discharge>
  /** Incarnations that stand in records and not in the directory, and since when; monotonic. */
  readonly unlisted: Map<string, number>
  readonly mailboxes: Map<string, Mailbox>
  /** Addresses of nodes that are not listed yet and were heard of, and since when; monotonic. */
  readonly arrivals: Map<string, number>
  /** Messages on their way to the bus. */
  publishing: number
  /** The last number heard from each node. */
  readonly heard: Map<string, number>
  readonly canary: Canary
  readonly comparison: Comparison
  readonly duties: Readonly<Record<DutyName, Duty>>
}

/** The flush that made a lease run so far was between two answers to this node, whatever the storage's clock said. */
export interface SeenLease {
  readonly until: number
  /** When it was not seen yet, and when it was first; monotonic. */
  readonly notBefore: number
  readonly seenAt: number
}

/** A dead incarnation's sessions, as far as they are left. */
export interface Reaping {
  /** Monotonic. */
  readonly claimedAt: number
  readonly sessions: Map<string, { readonly user: string; readonly lastLifeAt: number }>
  /** On their way into the storage. */
  readonly pending: Set<string>
  /** Out of their users' records. */
  readonly done: Set<string>
}

export interface Discharge {
  readonly incarnation: string
  readonly sessions: readonly string[]
}

/** What waits to be sent to another node. */
export interface Mailbox {
  /** The number of the last message. */
  number: number
  /** The newest of each kind about each user. */
  readonly items: Map<string, MailItem>
  /** The last number has not been repeated since it was sent. */
  unrepeated: boolean
}

/** A message to oneself: whoever does not hear it hears nobody. */
export interface Canary {
  number: number
  heard: number
  /** The subscription stands, as far as is known. */
  listening: boolean
  /** One is being made. */
  asked: boolean
}

/** The comparison of all that is known here with the storage. */
export interface Comparison {
  /** Who is still to be looked at. */
  waiting: string[]
  /** Who could not be read: the storage, or a part of it, was out. */
  unread: string[]
  running: boolean
  /** Something was found missing meanwhile: it is done again. */
  again: boolean
  startedAt: number
  /** Users for whom the storage was behind what watchers were told, and since when; monotonic. */
  readonly behind: Map<string, number>
  /** What was told wrong or not at all, and found here. */
  repairs: number
}

const duty = (name: DutyName): Duty => ({ kind: 'duty', name, dueAt: 0, slot: null, place: 0 })

export function createSharing(now: number): Sharing {
  return {
    beganAt: now,
    standing: 'joining',
    lease: createLease(),
    flushSentAt: null,
    absentUntil: Number.NEGATIVE_INFINITY,
    knowsTime: false,
    outage: false,
    holdUntil: now,
    epoch: 0,
    youngUntil: now,
    entry: new Set(),
    gone: new Set(),
    relisted: new Set(),
    flushedAt: 0,
    flushed: { sentAt: 0, gone: [], least: 0 },
    enlisting: new Map(),
    newcomers: new Map(),
    listed: [],
    leases: new Map(),
    listedAt: Number.NEGATIVE_INFINITY,
    reaping: new Map(),
    claims: new Map(),
    discharges: new Map(),
    unlisted: new Map(),
    mailboxes: new Map(),
    arrivals: new Map(),
    publishing: 0,
    heard: new Map(),
    canary: { number: 0, heard: 0, listening: false, asked: false },
    comparison: {
      waiting: [],
      unread: [],
      running: false,
      again: false,
      startedAt: Number.NEGATIVE_INFINITY,
      behind: new Map(),
      repairs: 0,
    },
    duties: {
      flush: duty('flush'),
      answer: duty('answer'),
      sweep: duty('sweep'),
      compare: duty('compare'),
      recheck: duty('recheck'),
      hold: duty('hold'),
    },
  }
}

/** A session that is out of its user's record goes off its node's entry, with the next flush. */
export function takeOffEntry(sharing: Sharing | null, session: string | null): void {
  if (session !== null && sharing?.entry.has(session)) sharing.gone.add(session)
}
