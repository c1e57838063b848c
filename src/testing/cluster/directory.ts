/** The directory of nodes in memory, each call carried out in one step. */
import type {
  Claim,
  ClaimReply,
  EntryReply,
  Flush,
  FlushReply,
  ListedNode,
  SessionOwner,
} from '../../server/storage/nodes.ts'
import type { Stamp } from '../../server/storage/contract.ts'
import type { Entry } from './data.ts'
import type { Store } from './store.ts'

/** A deadline that lies further ahead than it can, and this, was written before the clock was stepped back. */
const CLOCK_SLACK_MS = 1_000

export function flushEntry(store: Store, flush: Flush): FlushReply {
  const { incarnation, first } = flush
  // Not part of the entry: what has no epoch begins one whatever becomes of the flush.
  store.beginEpoch()
  const entry = store.data.entries.get(incarnation)
  const flushedBefore = entry?.flushedAt ?? 0
  const reply = (outcome: FlushReply['outcome']): FlushReply => ({
    ...flushReply(store, incarnation, outcome),
    flushedBefore,
  })
  if (store.isLate(flush)) return reply('late')
  if (entry ? entry.claim !== null : !first) return reply('lost')
  const kept = entry ?? createEntry()
  store.data.entries.set(incarnation, kept)
  writeFlush(kept, flush, store.time())
  return reply('kept')
}

export function enlistSessions(
  store: Store,
  incarnation: string,
  sessions: readonly SessionOwner[],
  stamp: Stamp,
): EntryReply {
  const now = store.time()
  if (store.isLate(stamp)) return { now, outcome: 'late' }
  const entry = store.data.entries.get(incarnation)
  if (!entry || entry.claim) return { now, outcome: 'lost' }
  for (const { id, user } of sessions) entry.sessions.set(id, user)
  return { now, outcome: 'done' }
}

export function claimEntry(store: Store, { incarnation, by, leaseMs, ...stamp }: Claim): ClaimReply {
  const now = store.time()
  const refuse = (outcome: ClaimReply['outcome'], flushedAt = 0) => ({
    now,
    outcome,
    flushedAt,
    sessions: [],
  })
  if (store.isLate(stamp)) return refuse('late')
  const entry = store.data.entries.get(incarnation)
  if (!entry) return refuse('gone')
  const runs = (until: number): boolean => now < until && until <= now + leaseMs + CLOCK_SLACK_MS
  // What was claimed once is dead, whatever its lease said.
  if (!entry.claim && runs(entry.leaseUntil)) return refuse('alive', entry.flushedAt)
  if (entry.claim && entry.claim.by !== by && runs(entry.claim.until)) return refuse('taken', entry.flushedAt)
  entry.claim = { by, until: now + leaseMs }
  return { now, outcome: 'claimed', flushedAt: entry.flushedAt, sessions: sessionsOf(entry) }
}

export function dischargeSessions(
  store: Store,
  incarnation: string,
  by: string,
  sessions: readonly string[],
  stamp: Stamp,
): EntryReply {
  const now = store.time()
  if (store.isLate(stamp)) return { now, outcome: 'late' }
  const entry = store.data.entries.get(incarnation)
  if (!entry) return { now, outcome: 'done' }
  if (entry.claim?.by !== by) return { now, outcome: 'lost' }
  for (const id of sessions) entry.sessions.delete(id)
  if (entry.sessions.size === 0) store.data.entries.delete(incarnation)
  return { now, outcome: 'done' }
}

export function releaseLease(store: Store, incarnation: string): void {
  const entry = store.data.entries.get(incarnation)
  // Lapsed by any clock, also by one that will be stepped back.
  if (entry) entry.leaseUntil = 0
}

function createEntry(): Entry {
  return { leaseUntil: 0, flushedAt: 0, sessions: new Map(), silent: new Map(), claim: null }
}

function writeFlush(entry: Entry, { sentAt, leaseMs, silent, gone }: Flush, now: number): void {
  const flushedAt = Math.min(now, sentAt)
  entry.leaseUntil = now + leaseMs
  entry.flushedAt = flushedAt
  entry.silent = new Map(silent.map(({ id, ageMs }) => [id, flushedAt - ageMs]))
  for (const id of gone) entry.sessions.delete(id)
}

function flushReply(
  store: Store,
  incarnation: string,
  outcome: FlushReply['outcome'],
): Omit<FlushReply, 'flushedBefore'> {
  const { epoch, entries } = store.data
  return {
    now: store.time(),
    outcome,
    sessions: entries.get(incarnation)?.sessions.size ?? 0,
    epoch,
    nodes: [...entries].map(([id, { leaseUntil }]): ListedNode => ({ incarnation: id, leaseUntil })),
  }
}

function sessionsOf({ sessions, silent }: Entry): ClaimReply['sessions'] {
  return [...sessions].map(([id, user]) => ({ id, user, lastLifeAt: silent.get(id) ?? null }))
}
