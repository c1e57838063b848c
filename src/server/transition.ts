/** A change that this node has written: what the application hears of it, and the other nodes that hold the user. */
import { addressOf } from '../core/lease.ts'
import { sameView } from '../core/model.ts'
import { viewOf } from '../core/record.ts'
import type { NodeAction } from './machine.ts'
import { post } from './mail.ts'
import { AT_ANY_TIME, presenceOf, seenBy } from './presence-of.ts'
import { isYoung, otherNodes } from './standing.ts'
import type { Proposal } from './entities.ts'
import { type NodeState, storageTime } from './state.ts'

/** In how many rounds of the comparison a failover shows that has lost a write. */
const KEPT_ROUNDS = 1.2

/** If it shows, it is a transition: told to the application here and nowhere else, and to all who watch. */
export function noteTransition(
  node: NodeState,
  { user, before, seen, next }: Proposal,
  now: number,
  out: NodeAction[],
): void {
  const { compareMs, flushMs } = node.config.timing
  if (node.sharing) user.keptUntil = now + KEPT_ROUNDS * compareMs + 2 * flushMs
  // A record that was only raised above what was lost shows what watchers may have seen otherwise.
  if (next.record === before.record) user.untold = true
  // Who is away is put back when the hold after a wipe is over; by then watchers were told that nothing is known of them. And who
  // was here before it, and comes back after it, may be shown as gone elsewhere.
  const isLate = next.record.sessions.length === 0 || !isYoung(node, before.epoch, now)
  if (before.version === 0 && isLate) user.untold = true
  const view = viewOf(next.record, AT_ANY_TIME)
  if (sameView(seen, view)) return
  user.untold = true
  const time = storageTime(node, now)
  const presence = presenceOf(user.id, seenBy(time, view))
  const previous = presenceOf(user.id, seenBy(time, seen))
  out.push({ type: 'notify', notice: { type: 'change', presence, previous } })
}

/** Other nodes with sessions of the user, and after a change of contacts all nodes, must know what stands there now, and whose place was taken. */
export function tellHolders(
  node: NodeState,
  { user, before, next, changes }: Proposal,
  out: NodeAction[],
): void {
  if (!node.sharing) return
  const { epoch, version, record } = next
  const superseded = user.queue
    .slice(0, changes)
    .flatMap(({ change }) => (change.type === 'open' && change.previous !== null ? [change.previous] : []))
  const holders = new Set(
    [...before.record.sessions, ...record.sessions].map((session) => addressOf(session.node)),
  )
  holders.delete(node.config.address)
  for (const address of holders)
    post(node, address, ['own', user.id, epoch, version, record, superseded], out)
  const { invalidated = 0 } = record
  if (invalidated === (before.record.invalidated ?? 0)) return
  for (const address of otherNodes(node)) post(node, address, ['review', user.id, invalidated], out)
}
