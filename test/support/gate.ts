/** Adapters that answer late, out of order, or not at all, as a test wants it. */
import type { Awaitable } from '../../src/core/awaitable.ts'
import {
  type ContactBook,
  type ContactsAdapter,
  memoryStorage,
  type StorageAdapter,
  staticContacts,
} from '../../src/server/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'

/** An answer that waits for the test. It was found at the time of the question. */
export interface HeldAnswer {
  readonly about: string
  give(): void
  fail(): void
}

/** Through which all questions to an adapter go. */
export interface Gate {
  /** Holds answers back, or gives none. `silent`: the question hangs for good. */
  mode: 'open' | 'hold' | 'throw' | 'reject' | 'silent'
  readonly held: HeldAnswer[]
  /** Everything that was asked. */
  readonly asked: string[]
  /** Gives what is held, in this order of places; left out: as it was asked. */
  release(order?: readonly number[]): void
  /** Takes the first held answer about something that starts so. */
  take(about: string): HeldAnswer
  pass<T>(about: string, answer: () => T): Awaitable<T>
}

export function createGate(): Gate {
  const gate: Gate = {
    mode: 'open',
    held: [],
    asked: [],
    release(order) {
      const held = gate.held.splice(0)
      for (const place of order ?? held.keys()) held[place]?.give()
    },
    take(about) {
      const place = gate.held.findIndex((answer) => answer.about.startsWith(about))
      const [answer] = place < 0 ? [] : gate.held.splice(place, 1)
      if (!answer) throw new Error(`Nobody asked about ${about}: ${gate.asked.join(', ')}`)
      return answer
    },
    pass(about, answer) {
      gate.asked.push(about)
      switch (gate.mode) {
        case 'open':
          return answer()
        case 'throw':
          throw new Error('out of order')
        case 'reject':
          return Promise.reject(new Error('out of order'))
        case 'silent':
          return new Promise(() => {})
        case 'hold':
          return hold(gate, about, answer())
      }
    },
  }
  return gate
}

function hold<T>(gate: Gate, about: string, value: T): Promise<T> {
  return new Promise((resolve, reject) => {
    gate.held.push({
      about,
      give: () => {
        resolve(value)
      },
      fail: () => {
        reject(new Error('out of order'))
      },
    })
  })
}

/** The embedded storage behind a gate. A swap is carried out when it is asked for, and answered when the gate lets it. */
export function gatedStorage(clock: FakeClock, gate: Gate): StorageAdapter {
  const storage = memoryStorage({ clock })
  return {
    recoveryMs: 0,
    read: (ids) =>
      gate.pass(`read ${ids.join(' ')}`, () => storage.read(ids)) as ReturnType<typeof storage.read>,
    swap: (swaps, stamp) =>
      gate.pass(`swap ${swaps.map(({ id }) => id).join(' ')}`, () =>
        storage.swap(swaps, stamp),
      ) as ReturnType<typeof storage.swap>,
  }
}

/** Which of the questions a contacts adapter answers itself. */
export interface ContactsShape {
  readonly canSee?: boolean
  readonly rosterOf?: boolean
  readonly symmetric?: boolean
}

/** A book of contacts behind a gate: who is listed is told, and may look. */
export function gatedContacts(book: ContactBook, gate: Gate, shape: ContactsShape = {}): ContactsAdapter {
  const contacts = staticContacts(book)
  const listOf = (user: string): string[] => [...(contacts.contactsOf(user) as Iterable<string>)]
  const everybody = (): string[] => (book instanceof Map ? [...book.keys()] : Object.keys(book)) as string[]
  const isSeenBy = (viewer: string) => (user: string) => listOf(user).includes(viewer)
  return {
    contactsOf: (user) => gate.pass(`contacts ${user}`, () => listOf(user)),
    ...(shape.symmetric === true && { symmetric: true }),
    ...(shape.canSee === true && {
      canSee: (viewer, users) => gate.pass(`see ${viewer}`, () => users.filter(isSeenBy(viewer))),
    }),
    ...(shape.rosterOf === true && {
      rosterOf: (user) => gate.pass(`roster ${user}`, () => everybody().filter(isSeenBy(user))),
    }),
  }
}
