/** A dozen contacts with lives of their own, each a real client in Node. */
import { createRandom } from 'presencekit/testing'
import { livelyPeople } from '../people.ts'
import { createLivelyContact } from './lively-contact.ts'

/** How they live. */
export interface LivelyOptions {
  readonly seed: number
  /** The server's, so that whoever falls silent stays so until it shows. */
  readonly timeoutMs: number
}

/** Lets them come, one after the other. */
export function startLivelyContacts(address: string, { seed, timeoutMs }: LivelyOptions): { stop(): void } {
  const random = createRandom(seed)
  const contacts = livelyPeople.map(({ id }, index) =>
    createLivelyContact(id, { address, timeoutMs, random: random.fork(), startsOnline: index % 5 !== 4 }),
  )
  return {
    stop() {
      for (const contact of contacts) contact.stop()
    },
  }
}
