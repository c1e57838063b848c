/**
 * Sessions in records whose node is in no directory: it died, was reaped, and a failover brought them back; or it died
 * with a write under way. Whoever reads one ends it, once its node has been missing for R.
 */
import { addressOf } from '../core/lease.ts'
import { changePresence } from './changes.ts'
import { userOf } from './registry.ts'
import { disown } from './repair.ts'
import { type NodeState, storageTime } from './state.ts'
import type { StoredRecord } from './storage/contract.ts'
import { schedule } from './wheel.ts'

/** Looks for them in a record. */
export function noteOrphans(
  node: NodeState,
  id: string,
  { version, record }: StoredRecord,
  now: number,
): void {
  const { sharing, config } = node
  if (!sharing) return
  disown(node, id, record?.sessions ?? [], now)
  for (const session of record?.sessions ?? []) {
    if (addressOf(session.node) === config.address) continue
    if (sharing.leases.has(session.node)) continue
    const since = sharing.unlisted.get(session.node) ?? now
    sharing.unlisted.set(session.node, since)
    const until = Math.max(since + config.timing.recoveryHoldMs, sharing.holdUntil)
    if (now < until) {
      // Its time has come before the next comparison may have.
      const { compare } = sharing.duties
      schedule(node.wheel, compare, Math.min(compare.dueAt, until))
      continue
    }
    // When it was last heard of nobody knows; it was when the record was last written.
    const at = Math.min(version, storageTime(node, now))
    const end = { type: 'end', session: session.id, node: session.node, reason: 'node', at } as const
    changePresence(node, userOf(node, id, now), { ...end, accuracy: 'approximate' }, null)
  }
}

/** The directory has been read: whoever is listed is missed no more. */
export function forgetListed({ sharing }: NodeState): void {
  for (const incarnation of sharing?.leases.keys() ?? []) sharing?.unlisted.delete(incarnation)
}
