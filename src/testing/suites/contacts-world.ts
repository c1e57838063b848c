/** What a contacts suite is given, and the world that each case makes of it. */
import type { Awaitable } from '../../core/awaitable.ts'
import type { ContactsAdapter, IdSource } from '../../server/contacts/contract.ts'
import { check } from './assert.ts'

/** Who is to be told of whom: for each user those in their contact list. Nobody is blocked. */
export type ContactsBook = ReadonlyMap<string, readonly string[]>

/** A contacts adapter over a book. Opened for one case. */
export interface OpenedContacts {
  /** The adapter. */
  readonly contacts: ContactsAdapter
  /** From now on the database does not answer. Needed where `supports.breakDown`. */
  breakDown?(): Awaitable<void>
  /**
   * From now on these are in the user's list, all of them, as if somebody else had changed the database. Needed where
   * `supports.changes`. What the adapter keeps is left alone: the suite tells it.
   */
  change?(userId: string, contactIds: readonly string[]): Awaitable<void>
  /** The case is over. */
  close?(): Awaitable<void>
}

/** What can be tried. All of it is off where left out. */
export interface ContactsSupports {
  /** It can fail. */
  readonly breakDown?: boolean
  /** Lists can be changed behind it. */
  readonly changes?: boolean
  /** It has `onChange`, which tells of such changes. */
  readonly notifies?: boolean
}

/** What a suite for contacts is given. */
export interface ContactsSuiteOptions {
  /**
   * Fills a database with the book, and opens an adapter over it. Called once for each case. Where the adapter is
   * `symmetric` the book is so too.
   */
  open(book: ContactsBook): Awaitable<OpenedContacts>
  /** Whether the adapter is; it has to say the same. @defaultValue false */
  readonly symmetric?: boolean
  /** A user id of yours for each name, where not any string can be one. @defaultValue the name itself */
  readonly idOf?: (name: string) => string
  /** What can be tried. */
  readonly supports?: ContactsSupports
  /** Within this time a change has been told, where it `notifies`. @defaultValue 5000 */
  readonly settleMs?: number
}

/** Contacts in the hands of one case. */
export interface ContactsWorld {
  readonly contacts: ContactsAdapter
  readonly book: ContactsBook
  readonly symmetric: boolean
  readonly idOf: (name: string) => string
  readonly settleMs: number
  readonly breakDown: () => Promise<void>
  /** Puts each of two into the other's list, or takes them out. Nobody is told. */
  readonly link: (one: string, other: string, linked: boolean) => Promise<void>
  readonly end: () => Promise<void>
}

/** In the list of the popular one: more than a page of most databases. */
const MANY = 1_200
const DEFAULT_SETTLE_MS = 5_000

export async function openContacts(options: ContactsSuiteOptions): Promise<ContactsWorld> {
  const { symmetric = false, idOf = (name: string) => name, settleMs = DEFAULT_SETTLE_MS } = options
  const book = createBook(symmetric, idOf)
  const opened = await options.open(book)
  const lists = new Map([...book].map(([user, ids]) => [user, new Set(ids)]))
  return {
    contacts: opened.contacts,
    book,
    symmetric,
    idOf,
    settleMs,
    async breakDown() {
      check(
        opened.breakDown !== undefined,
        'The suite was told that breakDown is supported, but open() gave none',
      )
      await opened.breakDown()
    },
    async link(one, other, linked) {
      check(
        opened.change !== undefined,
        'The suite was told that changes are supported, but open() gave no such method',
      )
      for (const [user, contact] of [
        [one, other],
        [other, one],
      ] as const) {
        const list = lists.get(user) ?? new Set()
        lists.set(user, list)
        if (linked) list.add(contact)
        else list.delete(contact)
        await opened.change(user, [...list])
      }
    },
    async end() {
      await opened.close?.()
    },
  }
}

/** All ids of an answer, in whatever form it comes. */
export async function collect(source: IdSource): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  const list = await source
  if (Symbol.asyncIterator in list) {
    for await (const page of list) for (const id of page) ids.add(id)
  } else {
    for (const id of list) ids.add(id)
  }
  return ids
}

function createBook(symmetric: boolean, idOf: (name: string) => string): ContactsBook {
  const many = Array.from({ length: MANY }, (_, index) => `fan ${index}`)
  const lists: [string, readonly string[]][] = [
    ['alice', ['bob', 'carol']],
    ['bob', symmetric ? ['alice'] : ['alice', 'dave']],
    ['carol', symmetric ? ['alice'] : []],
    ['dave', []],
    ['popular', many],
    ...many.map((fan): [string, readonly string[]] => [fan, symmetric ? ['popular'] : []]),
  ]
  return new Map(lists.map(([name, names]) => [idOf(name), names.map(idOf)]))
}
