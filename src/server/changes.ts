/** The queue of a user's changes, on their way to the presence service. */
import type { RecordChange } from '../core/record-change.ts'
import { scheduleUser } from './deadlines.ts'
import { isHolding } from './standing.ts'
import type { QueuedChange, User, Waiter } from './entities.ts'
import type { NodeState } from './state.ts'

const NONE: readonly QueuedChange[] = []

/** Has a change made to a user's record. */
export function changePresence(
  node: NodeState,
  user: User,
  change: RecordChange,
  waiter: Waiter | null,
): void {
  if (change.type === 'activity') dropOlderReport(user, change.session)
  user.queue = [...user.queue, { change, waiter }]
  markUser(node, user)
}

/** Of a session's reports only the newest counts; but one that somebody waits for has to be answered by itself. */
function dropOlderReport(user: User, session: string): void {
  const isOlder = ({ change, waiter }: QueuedChange, index: number): boolean =>
    index >= user.proposed && waiter === null && change.type === 'activity' && change.session === session
  const older = user.queue.find(isOlder)
  if (older) user.queue = user.queue.filter((queued) => queued !== older)
}

/** Has the user's work go on at the next turn. */
export function markUser(node: NodeState, user: User): void {
  if (user.work !== 'idle') return
  node.dirtyUsers.add(user)
  node.usersMarked = true
}

/** Lets a user's work rest for so long. */
export function holdUser(node: NodeState, user: User, now: number, holdMs: number): void {
  user.work = 'held'
  user.retryAt = now + holdMs
  scheduleUser(node, user)
}

/** Nobody is declared offline while it is not certain what the storage has lost; goodbyes wait as well. */
export function holdEnds(node: NodeState, user: User, now: number): void {
  if (!isHolding(node, now)) {
    if (user.heldEnds.length > 0) user.queue = [...user.queue, ...user.heldEnds]
    user.heldEnds = NONE
    return
  }
  const isEnd = ({ change }: QueuedChange): boolean => change.type === 'end'
  user.heldEnds = [...user.heldEnds, ...user.queue.filter(isEnd)]
  user.queue = user.queue.filter((queued) => !isEnd(queued))
}

/**
 * Sessions of this node whose end waits until it is certain what the storage has lost; what has a node is another's. Who may
 * have gone already is not brought back by that (S12).
 */
export function endingSessions({ heldEnds }: User): ReadonlySet<string> {
  const isOwn = ({ change, mayBeDone }: QueuedChange): boolean =>
    change.type === 'end' && change.node === undefined && mayBeDone !== true
  return new Set(heldEnds.filter(isOwn).map(({ change }) => (change.type === 'end' ? change.session : '')))
}
