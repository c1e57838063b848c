/** What the scripts of the directory answer, as its contract says it. */
import type { PresenceError } from '../../core/errors.ts'
import type { ClaimReply, EntryReply, FlushReply, ListedNode } from '../storage/nodes.ts'
import { type Answer, unexpected, valueOf } from './stamped.ts'

/** What the index and the entry say together. */
export function flushReply(incarnation: string, listed: Answer, kept: Answer, epoch: number): FlushReply {
  const { outcome } = kept
  const nodes = nodesOf(listed.rest[0])
  return {
    now: listed.now,
    outcome: outcome === 'kept' || outcome === 'late' ? outcome : 'lost',
    flushedBefore: Number(kept.rest[1]),
    sessions: Number(kept.rest[0]),
    epoch,
    nodes: outcome === 'missing' ? nodes.filter((node) => node.incarnation !== incarnation) : nodes,
  }
}

function nodesOf(reply: unknown): ListedNode[] {
  return pairsOf(reply).map(([incarnation, deadline]) => ({ incarnation, leaseUntil: Number(deadline) }))
}

/** Every part has to be done; what one of them says stands for all. */
export function entryReply(answers: readonly (Answer | PresenceError)[]): EntryReply {
  const given = answers.map((answer) => valueOf(answer))
  const now = Math.max(...given.map((answer) => answer.now))
  const worst =
    given.find(({ outcome }) => outcome === 'lost') ?? given.find(({ outcome }) => outcome === 'late')
  return { now, outcome: worst ? (worst.outcome as 'lost' | 'late') : 'done' }
}

/** What a claimant gets to know. */
export function claimReply({ now, outcome, rest }: Answer): ClaimReply {
  const [flushed, silent, sessions] = rest
  const flushedAt = Number(flushed ?? 0)
  const ages = agesOf(silent)
  return {
    now,
    outcome: outcome as ClaimReply['outcome'],
    flushedAt,
    sessions: pairsOf(sessions).map(([id, user]) => {
      const ageMs = ages.get(id)
      return { id, user, lastLifeAt: ageMs === undefined ? null : flushedAt - ageMs }
    }),
  }
}

function agesOf(silent: unknown): Map<string, number> {
  try {
    return new Map(typeof silent === 'string' ? (JSON.parse(silent) as [string, number][]) : [])
  } catch (error) {
    throw unexpected(error)
  }
}

function pairsOf(reply: unknown): [string, string][] {
  const flat = Array.isArray(reply) ? (reply as string[]) : []
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    flat[2 * index] ?? '',
    flat[2 * index + 1] ?? '',
  ])
}
