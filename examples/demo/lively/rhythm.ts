/** The rhythm of a life: what comes next, and when. Plain functions of where one is and of seeded chance. */
import type { Random } from 'presencekit/testing'

/** Where a contact is. */
export type Whereabouts = 'online' | 'away' | 'busy' | 'gone'

/** What a contact does. The last two just happen to it. */
export type Deed = 'come' | 'go away' | 'get busy' | 'leave' | 'lose the connection' | 'fall silent'

/** What may follow, as often as it stands there. */
const NEXT: Readonly<Record<Whereabouts, readonly Deed[]>> = {
  online: [
    'go away',
    'go away',
    'get busy',
    'get busy',
    'leave',
    'leave',
    'lose the connection',
    'fall silent',
  ],
  away: ['come', 'come', 'come', 'leave'],
  busy: ['come', 'come', 'come', 'leave', 'lose the connection'],
  gone: ['come'],
}

/** Chooses what comes next. */
export function nextDeed(whereabouts: Whereabouts, random: Random): Deed {
  return random.pick(NEXT[whereabouts])
}

/** Chooses how long a deed lasts, in milliseconds. */
export function pauseAfter(deed: Deed, timeoutMs: number, random: Random): number {
  switch (deed) {
    case 'come':
      return random.integer(15_000, 50_000)
    case 'go away':
    case 'get busy':
      return random.integer(12_000, 35_000)
    case 'leave':
    case 'lose the connection':
      return random.integer(10_000, 30_000)
    case 'fall silent':
      // Long enough that the heartbeat runs out, and a little longer.
      return timeoutMs + random.integer(5_000, 15_000)
  }
}
