/**
 * This node's entry in the directory: which sessions it holds, so that they can be found if the node dies. A session is
 * enlisted before it stands in any record, and taken off after it stands in none (`takeOffEntry`, with the next flush).
 */
import type { SessionEntry } from '../core/record.ts'
import { markUser } from './changes.ts'
import type { NodeAction } from './machine.ts'
import { sessionOf } from './registry.ts'
import { type Sharing, takeOffEntry } from './sharing.ts'
import { stampOf } from './standing.ts'
import type { User } from './entities.ts'
import { file, type NodeState } from './state.ts'
import type { FlushReply, SessionOwner } from './storage/nodes.ts'

/** Sessions enlisted in one call. */
const ENLIST_SESSIONS = 1_000

/** Every session that stands or is to stand in a record belongs in the entry. */
export function gatherSessions({ sharing, users }: NodeState): void {
  for (const user of users.values()) {
    for (const session of user.sessions) sharing?.newcomers.set(session.id, user.id)
    for (const { change } of [...user.queue, ...user.heldEnds]) {
      if (change.type === 'open') sharing?.newcomers.set(change.session.id, user.id)
      // Those whose end waits stand in the record until then; what has a node is the end of another's.
      if (change.type === 'end' && change.node === undefined) sharing?.newcomers.set(change.session, user.id)
    }
  }
}

/** Has the newcomers enlisted. */
export function sendNewcomers(node: NodeState, sharing: Sharing, now: number, out: NodeAction[]): void {
  const owners = [...sharing.newcomers].map(([id, user]): SessionOwner => ({ id, user }))
  sharing.newcomers.clear()
  for (let from = 0; from < owners.length; from += ENLIST_SESSIONS) {
    const sessions = owners.slice(from, from + ENLIST_SESSIONS)
    const request = file(node, sharing.enlisting, sessions)
    const incarnation = node.incarnation
    out.push({ type: 'enlist', request, incarnation, sessions, stamp: stampOf(node, now) })
  }
}

/** They stand in the entry now, so their records may be written. */
export function takeIn(node: NodeState, sharing: Sharing, sessions: readonly SessionOwner[]): void {
  for (const { id, user } of sessions) {
    sharing.entry.add(id)
    sharing.relisted.delete(id)
    const owner = node.users.get(user)
    // It may have ended while it was on its way there.
    if (!isUnderWay(owner, id)) takeOffEntry(sharing, id)
    if (owner) markUser(node, owner)
  }
}

/** Whether a session is here, or its coming or its end has still to be written: its user waits until it is in the entry. */
export function isUnderWay(owner: User | undefined, id: string): boolean {
  if (!owner || sessionOf(owner, id)) return owner !== undefined
  return [...owner.queue, ...owner.heldEnds].some(
    ({ change }) =>
      (change.type === 'open' && change.session.id === id) ||
      (change.type === 'end' && change.session === id),
  )
}

/** A session stands in its node's entry before it stands in its user's record: so it is never left over. */
export function waitsForEntry({ sharing }: NodeState, user: User): boolean {
  if (!sharing) return false
  const { entry, relisted } = sharing
  const isToCome = ({ id }: SessionEntry): boolean =>
    (!entry.has(id) || relisted.has(id)) && isUnderWay(user, id)
  return user.queue.some(({ change }) => {
    if (change.type === 'open') return isToCome(change.session)
    return change.type === 'reconcile' && change.sessions.some(isToCome)
  })
}

/**
 * Whether sessions that were enlisted stand in the entry no more. What a failover lost since the last flush shows by their
 * number; where it lost that flush too, sessions that had gone may be back, and the number says nothing.
 */
export function hasLost({ flushed, flushedAt }: Sharing, { sessions, flushedBefore }: FlushReply): boolean {
  return sessions < flushed.least || flushedBefore < flushedAt - 1
}
