/** Contacts adapters that are wrong, each in one way, and the sentence that it breaks. */
import type { ContactsAdapter } from '../../../src/server/index.ts'
import type { ContactsBook } from '../../../src/testing/index.ts'

export interface BrokenContacts {
  readonly title: string
  readonly breaks: string
  /** Told how to find a list, and whether the database fails. */
  readonly open: (book: ContactsBook, isDown: () => boolean) => ContactsAdapter
}

function broken(breaks: string, title: string, open: BrokenContacts['open']): BrokenContacts {
  return { breaks, title, open }
}

const listOf = (book: ContactsBook, id: string): readonly string[] => book.get(id) ?? []

export const brokenContacts: readonly BrokenContacts[] = [
  broken('contacts 1', 'gives the first page', (book) => ({
    contactsOf: (id) => listOf(book, id).slice(0, 1_000),
  })),
  broken('contacts 1', 'lets see who is never told', (book) => ({
    contactsOf: (id) => listOf(book, id),
    canSee: (_, ids) => ids.filter((id) => book.has(id)),
  })),
  broken('contacts 1', 'tells everybody', (book) => ({ contactsOf: () => [...book.keys()] })),
  broken('contacts 2', 'answers with all whom the viewer may see', (book) => ({
    contactsOf: (id) => listOf(book, id),
    canSee: (viewer) => [...book.keys()].filter((id) => listOf(book, id).includes(viewer)),
  })),
  broken('contacts 2', 'shows who does not exist', (book) => ({
    contactsOf: (id) => listOf(book, id),
    canSee: (viewer, ids) => ids.filter((id) => !book.has(id) || listOf(book, id).includes(viewer)),
  })),
  broken('contacts 3', 'has nobody on the roster', (book) => ({
    contactsOf: (id) => listOf(book, id),
    rosterOf: () => [],
  })),
  broken('contacts 4', 'says that lists are symmetric', (book) => ({
    contactsOf: (id) => listOf(book, id),
    symmetric: true,
  })),
  broken('contacts 5', 'fails for who is unknown', (book) => ({
    contactsOf(id) {
      const list = book.get(id)
      if (!list) throw new Error('No such user')
      return list
    },
  })),
  broken('contacts 5', 'finds what stands on a prototype', (book) => {
    const lists = Object.fromEntries(book) as Record<string, readonly string[] | undefined>
    return { contactsOf: (id) => lists[id] ?? [] }
  }),
  broken('contacts 6', 'answers with nobody when it fails', (book, isDown) => ({
    contactsOf: (id) => (isDown() ? [] : listOf(book, id)),
  })),
]
