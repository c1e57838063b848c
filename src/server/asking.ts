/** Whether a session is still there, where others may have ended it or gone on with it elsewhere: its client is asked. */
import { forget } from './endings.ts'
import type { QueuedChange, Session, User } from './entities.ts'
import type { NodeAction } from './machine.ts'
import { isConnected, sessionOf } from './registry.ts'
import { probe } from './session.ts'
import { takeOffEntry } from './sharing.ts'
import type { NodeState } from './state.ts'
import type { StoredRecord } from './storage/contract.ts'

/** Somebody has taken it out: the reaper of this node's last incarnation, or a newer session elsewhere. Who cannot be asked is gone. */
export function doubt(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  if (session.phase !== 'grace') return probe(node, session, now, out)
  forget(node, session, now, out)
  takeOffEntry(node.sharing, session.id)
}

/**
 * The storage has lost what it held of a user. Whoever had no lease by then, and has not read it since, cannot know what became of
 * their sessions before that; of those who have shown no life since nobody is put back who has not been asked.
 */
export function doubtAbsent(node: NodeState, user: User, now: number, out: NodeAction[]): void {
  const { absentUntil = Number.NEGATIVE_INFINITY } = node.sharing ?? {}
  if (user.knownAt >= absentUntil) return
  for (const session of user.sessions) {
    const { id, phase, doubted, heartbeat } = session
    const isHeld = phase === 'live' || phase === 'grace'
    const mayBeGone = !doubted && heartbeat.lastLifeAt < absentUntil && !isStillToCome(user, id)
    if (isHeld && mayBeGone) doubt(node, session, now, out)
  }
  // Nor is anybody put back who has gone since.
  user.heldEnds = user.heldEnds.map((held) => ({ ...held, mayBeDone: true }))
}

/**
 * Others have written since a swap of which no answer came: perhaps it was carried out, and they have taken out again who
 * came by the first so many changes. Whoever has no connection any more is not brought back to life (S12), and whoever has
 * one is asked before their coming is written again.
 */
export function doubtOpens(
  node: NodeState,
  user: User,
  changes: number,
  { record }: StoredRecord,
  now: number,
  out: NodeAction[],
): void {
  const stored = new Set(record?.sessions.map(({ id }) => id))
  const left: QueuedChange[] = []
  for (const [index, queued] of user.queue.entries()) {
    const id = index < changes && queued.change.type === 'open' ? queued.change.session.id : null
    const session = id === null ? undefined : sessionOf(user, id)
    const isHere = session !== undefined && isConnected(session)
    if (id === null || (isHere && stored.has(id))) left.push(queued)
    else if (isHere) {
      session.parked = queued
      probe(node, session, now, out)
    }
    // Whoever is still here, in grace, is taken off by their end.
    else if (!session) takeOffEntry(node.sharing, id)
  }
  user.queue = left
}

/** Nobody else has seen a session that was never written. */
function isStillToCome({ queue }: User, session: string): boolean {
  return queue.some(
    ({ change, mayBeDone }) => change.type === 'open' && change.session.id === session && mayBeDone !== true,
  )
}
