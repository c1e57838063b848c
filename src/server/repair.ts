/** Of its own sessions a node is the truth: whether its users' records hold just those, and what is done if not. */
import { addressOf } from '../core/lease.ts'
import type { SessionEntry } from '../core/record.ts'
import type { NodeAction } from './machine.ts'
import { changePresence, endingSessions } from './changes.ts'
import { reconciliation } from './learning.ts'
import { sessionOf, userOf } from './registry.ts'
import { doubt } from './asking.ts'
import type { User } from './entities.ts'
import type { NodeState } from './state.ts'

/** Holds a user's record against the sessions that are here. To be called where the record has just been read. */
export function checkSessions(node: NodeState, user: User, now: number, out: NodeAction[]): void {
  // What waits comes first; once it is written, or need not be, the sessions are looked at.
  user.unchecked = !user.known || user.work !== 'idle' || user.queue.length > 0
  if (!user.known || user.unchecked) return
  const { sessions } = user.known.record
  const held = user.sessions.filter(({ phase }) => phase === 'live' || phase === 'grace')
  const stored = new Map(sessions.map((entry) => [entry.id, entry]))
  const missing = held.filter(({ id, doubted }) => !stored.has(id) && !doubted)
  for (const session of missing) doubt(node, session, now, out)
  const isRenamed = held.some(({ id }) => stored.has(id) && stored.get(id)?.node !== node.incarnation)
  const ending = endingSessions(user)
  const isOver = sessions.some(
    ({ id, node: holder }) =>
      addressOf(holder) === node.config.address && !sessionOf(user, id) && !ending.has(id),
  )
  if (isRenamed || isOver) changePresence(node, user, reconciliation(node, user, null), null)
}

/**
 * What was to be put right by a record that is no more: others have written, and may have ended sessions that it would put back (S12).
 * The sessions are held against what stands there now.
 */
export function dropRepairs(user: User): void {
  const left = user.queue.filter(({ change }) => change.type !== 'reconcile' || change.lost !== null)
  user.unchecked ||= left.length < user.queue.length
  user.queue = left
}

/** What stands in a record as this node's, of a user who has no session here: a failover has brought it back. */
export function disown(node: NodeState, id: string, sessions: readonly SessionEntry[], now: number): void {
  const isOurs = sessions.some((session) => addressOf(session.node) === node.config.address)
  if (!isOurs || node.users.has(id)) return
  const user = userOf(node, id, now)
  changePresence(node, user, reconciliation(node, user, null), null)
}
