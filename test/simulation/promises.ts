/** The promises that the simulator holds the code to, in the words of the contract (docs/promises.md). */

export const PROMISES = {
  S1: 'No stale online: when the last live connection of a user has died, storage and queries say offline in time',
  S2: 'No false offline: no offline while some connection of the user answered in time',
  S3: 'No step back: on a connection nothing older follows anything newer; Presence.version never falls',
  S4: 'Watchers and storage agree in content',
  S5: 'No write lowers a last seen within an epoch',
  S6: 'Last seen is never shown in the future, and equals the last sign of life, goodbye or close frame',
  S7: 'No leak: who is no contact learns nothing, and nobody is told what they did not ask for',
  S9: 'A goodbye on the last session is published without grace; sessions in grace count as live',
  S10: 'No flapping: drop and return within the grace give no notification; nothing else is delayed',
  S11: 'At most one notification per connection and visible view',
  S12: 'No resurrection: a refresh or an offline for a session that is gone or superseded changes nothing',
  S13: 'A node without a lease sends no presence and makes no transition; a write that comes late changes nothing',
  S14: 'No deadline lies beyond now + T + 1 s',
  S15: 'Of k sessions, removing k − 1 makes no transition',
  L1: 'After the faults stop every authorised watcher equals the storage',
  L2: 'Queries say unknown for no longer than R after the storage was wiped',
  L5: 'A node that drains is gone D + 2 s later',
  L6: 'A peer that does not read or is half-open is removed within T + 1 s',
  CHOICE: 'A chosen status holds until it is changed or lapses (docs/protocol.md)',
  ENTRY:
    'A session stands in its node’s entry before it stands in a record, and goes off it; nothing is left over',
  ANSWER: 'Every request with a ref is answered, once (docs/protocol.md)',
  SOUND: 'A connection without a fault is ended by nobody; nothing throws',
  TIDY: 'After destroy and close no timer, connection or listener is left',
} as const

export type PromiseId = keyof typeof PROMISES

/** A promise was broken. */
export class PromiseBroken extends Error {
  override readonly name = 'PromiseBroken'
  readonly promise: PromiseId

  constructor(promise: PromiseId, what: string) {
    super(`${promise} broken: ${what}\n  ${promise}: ${PROMISES[promise]}`)
    this.promise = promise
  }
}
