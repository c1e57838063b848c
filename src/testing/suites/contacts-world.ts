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
  /** The case is over. */
  close?(): Awaitable<void>
}

/** What can be tried. All of it is off where left out. */
export interface ContactsSupports {
  /** It can fail. */
  readonly breakDown?: boolean
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
}

/** Contacts in the hands of one case. */
export interface ContactsWorld {
  readonly contacts: ContactsAdapter
  readonly book: ContactsBook
  readonly symmetric: boolean
  readonly idOf: (name: string) => string
  readonly breakDown: () => Promise<void>
  readonly end: () => Promise<void>
}

/** In the list of the popular one: more than a page of most databases. */
const MANY = 1_200

export async function openContacts(options: ContactsSuiteOptions): Promise<ContactsWorld> {
  const { symmetric = false, idOf = (name: string) => name } = options
  const book = createBook(symmetric, idOf)
  const opened = await options.open(book)
  return {
    contacts: opened.contacts,
    book,
    symmetric,
    idOf,
    async breakDown() {
      check(
        opened.breakDown !== undefined,
        'The suite was told that breakDown is supported, but open() gave none',
      )
      await opened.breakDown()
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
