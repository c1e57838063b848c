/** The sample of docs/adapters.md for contacts, over a table of its own. */
import { describe, test } from 'vitest'
import { type ContactsBook, contactsSuite, type ContactsSuiteOptions } from 'presencekit/testing'

async function createContactTable(book: ContactsBook) {
  const lists = new Map(book)
  let isOpen = true
  return {
    async select(userId: string): Promise<readonly string[]> {
      if (!isOpen) throw new Error('The database is closed')
      return lists.get(userId) ?? []
    },
    replace(userId: string, contactIds: readonly string[]) {
      lists.set(userId, contactIds)
    },
    close() {
      isOpen = false
    },
  }
}

const options: ContactsSuiteOptions = {
  supports: { breakDown: true, changes: true },
  // `book` names for each user who is in their contact list.
  async open(book) {
    const table = await createContactTable(book)
    return {
      contacts: { contactsOf: (userId) => table.select(userId) },
      breakDown: () => table.close(),
      // Somebody else changes a list; nobody tells your adapter but the suite, by `invalidate`.
      change: (userId, contactIds) => table.replace(userId, contactIds),
    }
  },
}

describe('my contacts', () => {
  for (const { name, run } of contactsSuite(options)) test(name, run)
})
