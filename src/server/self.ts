/** What users are told of themselves: on each of their sessions, when it differs from what they were told before. */
import { encode } from '../core/codec.ts'
import type { Self } from '../core/messages.ts'
import type { NodeAction } from './machine.ts'
import { sendAlong } from './outbox.ts'
import type { QueuedChange, Session, User } from './entities.ts'
import { type NodeState, storageTime } from './state.ts'

/** Answers the sessions that made the changes, and tells the user's other sessions of what is new to them. */
export function tellSelf(
  node: NodeState,
  user: User,
  settled: readonly QueuedChange[],
  now: number,
  out: NodeAction[],
): void {
  const self = selfOf(node, user, now)
  const frame = encode(self)
  const { choice = null } = user.known?.record ?? {}
  const told = choice ? JSON.stringify([user.view.status, choice]) : user.view.status
  const changed = told !== user.self
  user.self = told
  const answered = new Set<Session>()
  for (const { waiter } of settled) {
    if (!waiter || waiter.type === 'command' || waiter.type === 'reaped') continue
    answered.add(waiter.session)
    const { ref } = waiter
    sendAlong(node, waiter.session, ref === undefined ? frame : encode({ ...self, ref }), out)
  }
  if (!changed) return
  for (const session of user.sessions) {
    if (session.phase === 'live' && !answered.has(session)) sendAlong(node, session, frame, out)
  }
}

function selfOf(node: NodeState, user: User, now: number): Self {
  const choice = user.known?.record.choice ?? null
  return {
    type: 'self',
    status: user.view.status,
    chosen: choice?.status ?? 'auto',
    ...(choice?.text != null && { text: choice.text }),
    ...(choice?.until != null && { expiresInMs: Math.max(0, choice.until - storageTime(node, now)) }),
  }
}
