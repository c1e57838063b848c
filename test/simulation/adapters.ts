/** Storage and contacts with moods: they answer at once, late, or late and sometimes not at all. */
import type { ContactsAdapter, StorageAdapter } from '../../src/server/index.ts'
import { createRandom, type FakeClock } from '../../src/testing/index.ts'
import type { SimulatedProcess } from './process.ts'
import type { Acquaintance, Mood, Setup } from './setup.ts'

/** One call in so many fails while an adapter is failing. */
const FAILING = 0.2

/** Whether adapters misbehave now; at the end of a run they are made well. */
export interface Health {
  well: boolean
}

export interface Patience {
  readonly clock: FakeClock
  readonly process: SimulatedProcess
  readonly health: Health
}

type Ask = <T>(question: () => T) => T | Promise<T>

/** Puts the way to an adapter and back between a question and its answer. */
function createWay(mood: Mood, latencyMs: number, seed: number, { clock, process, health }: Patience): Ask {
  const random = createRandom(seed)
  const travel = (): Promise<void> =>
    new Promise((resolve) => {
      clock.setArrival(random.integer(0, latencyMs / 2), resolve)
    })
  const back = (): Promise<void> =>
    new Promise((resolve) => {
      clock.setArrival(random.integer(0, latencyMs / 2), () => {
        process.deliver(resolve)
      })
    })
  const fail = (): void => {
    if (mood === 'failing' && !health.well && random.chance(FAILING / 2))
      throw new Error('The adapter failed')
  }
  return (question) => {
    if (mood === 'prompt') return question()
    return (async () => {
      await travel()
      try {
        fail()
        const answer = question()
        // Carried out, and yet nobody hears of it.
        fail()
        return answer
      } finally {
        await back()
      }
    })()
  }
}

/** Wraps a storage; `onSwap` sees what was asked of it and what came of it, at the moment it was carried out. */
export function moodyStorage(
  inner: StorageAdapter,
  setup: Setup,
  patience: Patience,
  onSwap: (id: string) => void,
): StorageAdapter {
  const way = createWay(setup.storage, setup.latencyMs, setup.seed + 1, patience)
  return {
    recoveryMs: 0,
    read: (ids) => way(() => inner.read(ids)) as ReturnType<StorageAdapter['read']>,
    swap: (swaps, stamp) =>
      way(() => {
        const reply = inner.swap(swaps, stamp)
        for (const { id } of swaps) onSwap(id)
        return reply
      }) as ReturnType<StorageAdapter['swap']>,
  }
}

export function moodyContacts(people: Acquaintance, setup: Setup, patience: Patience): ContactsAdapter {
  const way = createWay(setup.contacts, setup.latencyMs, setup.seed + 2, patience)
  return {
    contactsOf: (user) => way(() => people.told(user)),
    ...(setup.symmetric && !setup.selective && { symmetric: true }),
    ...(setup.selective && {
      canSee: (viewer: string, ids: readonly string[]) =>
        way(() => ids.filter((id) => people.sees(viewer, id))),
    }),
  }
}
