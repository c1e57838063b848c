/** Presence as applications see it, in the terms of the wire. */
import type { WirePresence } from '../../src/core/messages.ts'
import type { Presence } from '../../src/core/model.ts'

export function wireOf({
  userId,
  status,
  lastSeen,
  lastSeenAccuracy,
  reason,
  statusText,
}: Presence): WirePresence {
  return {
    user: userId,
    status,
    ...(lastSeen !== null && { lastSeen }),
    ...(lastSeenAccuracy !== null && lastSeenAccuracy !== 'exact' && { accuracy: lastSeenAccuracy }),
    ...(reason !== null && { reason }),
    ...(statusText !== null && { text: statusText }),
  }
}

export function show(wire: WirePresence | undefined): string {
  return JSON.stringify(wire ?? null)
}
