/** The bus of a cluster in memory: addresses, and who listens at each. */
import type { MemoryHooks, MemoryMessage } from './hooks.ts'

type Receive = (message: MemoryMessage) => void

/** All listeners of a cluster, by address. */
export type Listeners = Map<string, Set<Receive>>

/** How one node hears, and is heard. */
export interface NodeBus {
  listen(address: string, onMessage: (message: string) => void): void
  publish(address: string, message: string): void
  /** From now on nothing arrives. */
  stop(): void
}

/** A node's end of the bus. A message is on its way from the moment it is published, and arrives by `carry`. */
export function createNodeBus(
  listeners: Listeners,
  { carry, onError }: Required<Pick<MemoryHooks, 'carry' | 'onError'>>,
): NodeBus {
  let stopped = false
  let leave = (): void => {}
  return {
    listen(address, onMessage) {
      leave()
      // Carried out late, after the storage was closed.
      if (stopped) return
      let listening = true
      const deliver = (text: string): void => {
        if (!listening) return
        try {
          onMessage(text)
        } catch (error) {
          onError(error)
        }
      }
      const receive: Receive = (message) => {
        carry(message, () => {
          deliver(message.text)
        })
      }
      const there = listeners.get(address) ?? new Set()
      listeners.set(address, there.add(receive))
      leave = () => {
        listening = false
        there.delete(receive)
        if (there.size === 0) listeners.delete(address)
      }
    },
    publish(address, text) {
      for (const receive of [...(listeners.get(address) ?? [])]) receive({ address, text })
    },
    stop() {
      stopped = true
      leave()
    },
  }
}
