/** What the application asks for. */
import { CLOSE } from '../core/errors.ts'
import { changePresence } from './changes.ts'
import { choiceOf } from './choosing.ts'
import { scheduleSession } from './deadlines.ts'
import { kick, refuse } from './endings.ts'
import type { Command, NodeAction, RequestId } from './machine.ts'
import { askAsApplication } from './queries.ts'
import { userOf } from './registry.ts'
import { reviewContacts } from './review.ts'
import { type NodeState, nextSpread } from './state.ts'

/** Does what is asked, and answers when it is done. */
export function obey(
  node: NodeState,
  command: Command,
  request: RequestId,
  now: number,
  out: NodeAction[],
): void {
  switch (command.type) {
    case 'get':
      return askAsApplication(node, request, command.ids, command.as, now, out)
    case 'setStatus': {
      const user = userOf(node, command.user, now)
      return changePresence(node, user, choiceOf(node, user, command, now), { type: 'command', request })
    }
    case 'disconnectUser':
      kickAll(node, command.user, now, out)
      return tellAll(node, 'kick', command.user, request, now, out)
    case 'invalidateContacts':
      reviewContacts(node, command.user, out)
      return tellAll(node, 'invalidate', command.user, request, now, out)
    case 'forget': {
      kickAll(node, command.user, now, out)
      reviewContacts(node, command.user, out)
      const user = userOf(node, command.user, now)
      return changePresence(node, user, { type: 'forget' }, { type: 'command', request })
    }
    case 'drain':
      node.draining = true
      node.drainWindowMs = command.windowMs
      node.drainsUntil = now + command.windowMs
      drain(node, now, out)
      break
    case 'leave':
      out.push({ type: 'release', request, incarnation: node.incarnation })
      return
  }
  out.push({ type: 'reply', request, value: undefined })
}

/** Every connection of a user, announced or not, and every session that is in grace. */
function kickAll(node: NodeState, id: string, now: number, out: NodeAction[]): void {
  for (const session of [...node.connections.values()])
    if (session.user?.id === id) kick(node, session, now, out)
  for (const session of node.users.get(id)?.sessions ?? []) kick(node, session, now, out)
}

/** Sends everybody away. Where other nodes can take them one goes after the other, and nobody is without a connection for long. */
function drain(node: NodeState, now: number, out: NodeAction[]): void {
  for (const session of [...node.connections.values()]) {
    if (node.sharing && session.phase === 'live') {
      session.sentAwayAt = now + nextSpread(node) * node.drainWindowMs
      scheduleSession(node, session)
    } else refuse(node, session, CLOSE.RESTART, now, out)
  }
}

/** What concerns all nodes stands in the user's record, so that none can miss it. */
function tellAll(
  node: NodeState,
  type: 'kick' | 'invalidate',
  user: string,
  request: RequestId,
  now: number,
  out: NodeAction[],
): void {
  if (!node.sharing) out.push({ type: 'reply', request, value: undefined })
  else changePresence(node, userOf(node, user, now), { type }, { type: 'command', request })
}
