/** Whether this node hears the others: it sends itself a canary, and begins to listen anew where that does not come. */
import { compareSoon } from './comparison.ts'
import type { NodeAction } from './machine.ts'
import { post } from './mail.ts'
import type { NodeState } from './state.ts'

/** Begins to listen, or begins anew. */
export function listen({ config, sharing }: NodeState, out: NodeAction[]): void {
  if (!sharing || sharing.canary.asked) return
  sharing.canary.asked = true
  out.push({ type: 'listen', address: config.address })
}

/** The bus delivers from now on, or could not be reached. What came meanwhile is not known. */
export function onListening(node: NodeState, succeeded: boolean, now: number, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing) return
  const { canary } = sharing
  canary.asked = false
  canary.listening = succeeded
  canary.heard = canary.number
  if (succeeded) compareSoon(node, now, out)
}

/** Every F. Whoever has not heard their last canary hears nobody. */
export function sendCanary(node: NodeState, now: number, out: NodeAction[]): void {
  const { sharing, config } = node
  if (!sharing) return
  const { canary } = sharing
  if (!canary.listening || canary.heard < canary.number) {
    canary.listening = false
    return listen(node, out)
  }
  canary.number++
  post(node, config.address, ['canary', '', canary.number], out)
}
