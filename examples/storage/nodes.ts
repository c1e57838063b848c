/** The directory of nodes in a database. Each function is called within one transaction. */
import type {
  Claim,
  ClaimReply,
  EntryReply,
  Flush,
  FlushReply,
  SessionOwner,
  Stamp,
} from 'presencekit/server'
import type { NodeRow, Tables } from './database.ts'
import { isLate } from './records.ts'

/** A deadline further ahead than a lease and this was written before the clock was stepped back. */
const SLACK_MS = 1_000

export function flush({ nodes }: Tables, now: number, call: Flush): FlushReply['outcome'] {
  const { incarnation, first, leaseMs, silent, gone } = call
  if (isLate(now, call)) return 'late'
  const row = nodes.get(incarnation)
  if (row ? row.claimedBy !== null : !first) return 'lost'
  const sessions = row?.sessions ?? new Map<string, string>()
  for (const id of gone) sessions.delete(id)
  const flushedAt = Math.min(now, call.sentAt)
  nodes.set(incarnation, {
    leaseUntil: now + leaseMs,
    flushedAt,
    sessions,
    silent: new Map(silent.map(({ id, ageMs }) => [id, flushedAt - ageMs])),
    claimedBy: null,
    claimedUntil: 0,
  })
  return 'kept'
}

export function enlist(
  { nodes }: Tables,
  now: number,
  incarnation: string,
  sessions: readonly SessionOwner[],
  stamp: Stamp,
): EntryReply['outcome'] {
  if (isLate(now, stamp)) return 'late'
  const row = nodes.get(incarnation)
  if (!row || row.claimedBy !== null) return 'lost'
  for (const { id, user } of sessions) row.sessions.set(id, user)
  return 'done'
}

export function claim({ nodes }: Tables, now: number, call: Claim): ClaimReply {
  const refuse = (outcome: ClaimReply['outcome']) => ({ now, outcome, flushedAt: 0, sessions: [] })
  if (isLate(now, call)) return refuse('late')
  const row = nodes.get(call.incarnation)
  if (!row) return refuse('gone')
  const runs = (until: number) => now < until && until <= now + call.leaseMs + SLACK_MS
  if (row.claimedBy === null && runs(row.leaseUntil)) return refuse('alive')
  if (row.claimedBy !== null && row.claimedBy !== call.by && runs(row.claimedUntil)) return refuse('taken')
  row.claimedBy = call.by
  row.claimedUntil = now + call.leaseMs
  return { now, outcome: 'claimed', flushedAt: row.flushedAt, sessions: sessionsOf(row) }
}

export function discharge(
  { nodes }: Tables,
  now: number,
  [incarnation, by, sessions, stamp]: readonly [string, string, readonly string[], Stamp],
): EntryReply['outcome'] {
  if (isLate(now, stamp)) return 'late'
  const row = nodes.get(incarnation)
  if (row && row.claimedBy !== by) return 'lost'
  for (const id of sessions) row?.sessions.delete(id)
  if (row?.sessions.size === 0) nodes.delete(incarnation)
  return 'done'
}

export function release({ nodes }: Tables, incarnation: string): void {
  const row = nodes.get(incarnation)
  if (row) row.leaseUntil = 0
}

function sessionsOf({ sessions, silent }: NodeRow): ClaimReply['sessions'] {
  return [...sessions].map(([id, user]) => ({ id, user, lastLifeAt: silent.get(id) ?? null }))
}
