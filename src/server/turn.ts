/**
 * A turn: what has gathered is done at once. It comes within this turn of the event loop; but users' changes wait a little where
 * much is told, so that many of them go into the storage together, and their fan-out finds everything at hand.
 */
import { turnAfter } from './gathering.ts'
import type { NodeAction } from './machine.ts'
import type { NodeState } from './state.ts'

/** Asks the host for a turn, once. */
export function askTurn(node: NodeState, out: NodeAction[]): void {
  if (node.turnAsked) return
  node.turnAsked = true
  out.push({ type: 'turn' })
}

/** Asks for a turn in which users have theirs, whatever they were to wait for. */
export function askUsersTurn(node: NodeState, out: NodeAction[]): void {
  node.usersTurn = 'next'
  askTurn(node, out)
}

/** To be called at the end of each step: users have work for the storage since. */
export function planTurn(node: NodeState, now: number, out: NodeAction[]): void {
  if (!node.usersMarked) return
  node.usersMarked = false
  const at = turnAfter(node.gathering, now)
  if (at === null) askUsersTurn(node, out)
  else node.usersTurn ??= at
}

/** Whether those users who wait have waited long enough. */
export function isUsersTurn({ usersTurn }: NodeState, now: number): boolean {
  return usersTurn === 'next' || (usersTurn !== null && now >= usersTurn)
}

/** When somebody has to be woken for users, for no turn comes before. */
export function wakeForUsersAt({ usersTurn, turnAsked }: NodeState): number {
  return typeof usersTurn === 'number' && !turnAsked ? usersTurn : Number.POSITIVE_INFINITY
}
