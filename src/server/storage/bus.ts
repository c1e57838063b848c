/** The bus contract: how nodes that share a storage tell each other what has changed. */
import type { Awaitable } from '../../core/awaitable.ts'

/**
 * Carries messages between nodes. Whatever it loses is found missing and repaired, so it need not be reliable; it has to
 * be quick, and it must not make things up.
 *
 * 1. `listen` MUST make every message that is published at exactly this address from its settling on reach `onMessage`,
 *    as long as nothing fails.
 * 2. `listen` called again MUST begin anew, in place of what was there, even where that seems to work; a message MUST NOT
 *    reach an `onMessage` of before from its settling on.
 * 3. A message MUST arrive as it was published, or not at all. It MAY be lost, doubled or overtaken.
 * 4. Addresses and messages MUST be taken as they are: any well-formed string.
 * 5. A message at an address where nobody listens MUST be dropped without harm.
 * 6. Every call MUST settle: an adapter that waits for a network bounds the wait. One that fails MUST reject or throw.
 * 7. What `onMessage` throws MUST NOT reach the bus.
 * 8. After the storage it belongs to is closed nothing MUST arrive any more.
 */
export interface BusAdapter {
  /** Begins to listen at an address, the one of this node; it has one only. */
  listen(address: string, onMessage: (message: string) => void): Awaitable<void>
  /** Sends a message to whoever listens at an address. */
  publish(address: string, message: string): Awaitable<void>
}
