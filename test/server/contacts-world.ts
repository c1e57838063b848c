/** Contacts that are kept, over a book that changes and a database that answers when a test lets it. */
import { isPromise } from '../../src/core/awaitable.ts'
import type { IdSource } from '../../src/server/contacts/contract.ts'
import {
  type CachedContactsOptions,
  cachedContacts,
  type ContactsAdapter,
  staticContacts,
} from '../../src/server/index.ts'
import { createFakeClock } from '../../src/testing/index.ts'
import { createGate, type Gate } from '../support/gate.ts'

export interface Kind {
  readonly name: string
  readonly symmetric?: boolean
  readonly canSee?: boolean
  readonly rosterOf?: boolean
  /** Lists come in pages. */
  readonly pages?: boolean
}

export const KINDS: readonly Kind[] = [
  { name: 'lists' },
  { name: 'pages', pages: true },
  { name: 'symmetric', symmetric: true },
  { name: 'canSee', canSee: true },
  { name: 'canSee and rosterOf', canSee: true, rosterOf: true },
]

/** For each user who may see them. */
export type Book = Map<string, Set<string>>

export function createContactsWorld(kind: Kind, options: Partial<CachedContactsOptions> = {}) {
  const clock = createFakeClock()
  const gate = createGate()
  const book: Book = new Map()
  let tell: ((userId: string | null) => void) | null = null
  const source = adapterOver(book, gate, kind)
  const contacts = cachedContacts(
    {
      ...source,
      onChange: (listener) => {
        tell = listener
        return () => (tell = null)
      },
    },
    { clock, timeoutMs: 0, ...options },
  )
  const set = (target: string, viewer: string, isSeen: boolean): void => {
    const list = book.get(target) ?? new Set()
    book.set(target, list)
    if (isSeen) list.add(viewer)
    else list.delete(viewer)
  }
  return {
    clock,
    gate,
    book,
    contacts,
    /** In the book; nobody is told. */
    link(target: string, viewer: string, isSeen = true) {
      set(target, viewer, isSeen)
      if (kind.symmetric === true) set(viewer, target, isSeen)
    },
    invalidate: (user: string) => contacts.invalidate?.(user),
    tell: (user: string | null) => tell?.(user),
    listens: () => tell !== null,
    list: async (user: string) => collectIds(contacts.contactsOf(user)),
    roster: async (user: string) => collectIds(contacts.rosterOf?.(user) ?? []),
    sees: async (viewer: string, ...users: string[]) => collectIds(contacts.canSee?.(viewer, users) ?? []),
    /** What was asked from now on while this ran. */
    async asking(work: () => Promise<unknown>): Promise<string[]> {
      const before = gate.asked.length
      await work()
      return gate.asked.slice(before)
    },
  }
}
export type ContactsTestWorld = ReturnType<typeof createContactsWorld>

function adapterOver(book: Book, gate: Gate, kind: Kind): ContactsAdapter {
  const { contactsOf } = staticContacts(book)
  const listOf = (user: string) => [...(contactsOf(user) as Iterable<string>)]
  const isSeenBy = (viewer: string) => (user: string) => book.get(user)?.has(viewer) === true
  const list = (user: string) => gate.pass(`contacts ${user}`, () => listOf(user))
  async function* pages(user: string): AsyncGenerator<readonly string[]> {
    for (const id of await list(user)) yield [id]
  }
  return {
    contactsOf: kind.pages ? pages : list,
    ...(kind.symmetric && { symmetric: true }),
    ...(kind.canSee && {
      canSee: (viewer, users) =>
        gate.pass(`see ${viewer}: ${users.join(' ')}`, () => users.filter(isSeenBy(viewer))),
    }),
    ...(kind.rosterOf && {
      rosterOf: (user) => gate.pass(`roster ${user}`, () => [...book.keys()].filter(isSeenBy(user))),
    }),
  }
}

/** The ids of an answer, in their order. */
export async function collectIds(source: IdSource): Promise<string[]> {
  const list = isPromise(source) ? await source : source
  if (!(Symbol.asyncIterator in list)) return [...list]
  const ids: string[] = []
  for await (const page of list) ids.push(...page)
  return ids
}
