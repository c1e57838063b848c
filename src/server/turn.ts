/** A turn: what gathers within one turn of the event loop is done at once. */
import type { NodeAction } from './machine.ts'
import type { NodeState } from './state.ts'

/** Asks the host for a turn, once. */
export function askTurn(node: NodeState, out: NodeAction[]): void {
  if (node.turnAsked) return
  node.turnAsked = true
  out.push({ type: 'turn' })
}
