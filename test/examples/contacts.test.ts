/** The sample of docs/adapters.md for contacts, over a table of its own. */
import { describe, test } from 'vitest'
import { type ContactsBook, contactsSuite, type ContactsSuiteOptions } from 'presencekit/testing'

async function createContactTable(book: ContactsBook) {
  let isOpen = true
  return {
    async select(userId: string): Promise<readonly string[]> {
      if (!isOpen) throw new Error('The database is closed')
      return book.get(userId) ?? []
    },
    close() {
      isOpen = false
    },
  }
}

const options: ContactsSuiteOptions = {
  supports: { breakDown: true },
  // `book` names for each user who is in their contact list.
  async open(book) {
    const table = await createContactTable(book)
    return {
      contacts: { contactsOf: (userId) => table.select(userId) },
      breakDown: () => table.close(),
    }
  },
}

describe('my contacts', () => {
  for (const { name, run } of contactsSuite(options)) test(name, run)
})
