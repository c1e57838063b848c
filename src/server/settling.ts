/** What has been written stands in the storage: whoever waits for it is answered, whoever watches is told. */
import type { RecordChange } from '../core/record-change.ts'
import { isNewer } from '../core/version.ts'
import { markUser } from './changes.ts'
import { scheduleUser } from './deadlines.ts'
import type { Proposal, QueuedChange, User, Waiter } from './entities.ts'
import { pursueFanout } from './fanout.ts'
import { adopt } from './learning.ts'
import type { NodeAction } from './machine.ts'
import { forgetIdleUser, sessionOf } from './registry.ts'
import { checkSessions } from './repair.ts'
import { tellSelf } from './self.ts'
import { takeOffEntry } from './sharing.ts'
import type { NodeState } from './state.ts'
import { noteTransition, tellHolders } from './transition.ts'

const NONE: readonly QueuedChange[] = []

/** What was proposed stands in the storage. */
export function succeed(node: NodeState, proposal: Proposal, now: number, out: NodeAction[]): void {
  const { user, before, next } = proposal
  // What was read meanwhile may be this, or what has followed it.
  if (!user.known || isNewer(next, user.known)) adopt(user, next, now)
  user.kicked = Math.max(user.kicked, next.record.kicked ?? 0)
  user.invalidated = Math.max(user.invalidated, next.record.invalidated ?? 0)
  noteTransition(node, proposal, now, out)
  tellHolders(node, proposal, out)
  for (const { id } of before.record.sessions) {
    // One that is held here will be put back, or goes off when it ends.
    const isOut = !next.record.sessions.some((session) => session.id === id)
    if (isOut && !sessionOf(user, id)) takeOffEntry(node.sharing, id)
  }
  settle(node, user, proposal.changes, now, out)
  scheduleUser(node, user)
  pursueFanout(node, user, now, out)
  if (node.sharing) checkSessions(node, user, now, out)
}

/** The first so many changes of the queue stand in the storage. */
export function settle(node: NodeState, user: User, changes: number, now: number, out: NodeAction[]): void {
  const settled = user.queue.slice(0, changes)
  user.queue = changes < user.queue.length ? user.queue.slice(changes) : NONE
  for (const queued of settled) {
    if (queued.waiter) answer(node, queued.waiter, out)
    takeOffEntry(node.sharing, goneBy(queued.change))
  }
  tellSelf(node, user, settled, now, out)
  // What was held may have come free meanwhile.
  if (user.queue.length + user.heldEnds.length > 0) markUser(node, user)
  else forgetIdleUser(node, user, now)
}

function answer(node: NodeState, waiter: Waiter, out: NodeAction[]): void {
  if (waiter.type === 'announcement' && waiter.session.phase === 'announcing') {
    waiter.session.phase = 'live'
    node.ready.push(waiter.session)
  }
  if (waiter.type === 'command') out.push({ type: 'reply', request: waiter.request, value: undefined })
  if (waiter.type === 'reaped') node.sharing?.reaping.get(waiter.incarnation)?.done.add(waiter.session)
}

/** A session that does not stand in a record once this change does. */
function goneBy(change: RecordChange): string | null {
  // What has a node is the end of a dead incarnation's; its session may have been put back by this one.
  if (change.type === 'end') return change.node === undefined ? change.session : null
  return change.type === 'open' ? change.previous : null
}
