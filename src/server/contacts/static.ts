/** Contacts from a book in memory: for demos, tests, and lists that never change. */
import type { ContactsAdapter } from './contract.ts'

/** User ids by user id. A record's own keys count, those of its prototype do not. */
export type ContactBook = ReadonlyMap<string, Iterable<string>> | Readonly<Record<string, Iterable<string>>>

/**
 * Serves contacts from a book that is looked up at each question, so that a change of the book counts at once for
 * what is asked afterwards; tell the server with `invalidateContacts`.
 *
 * @example
 * ```ts
 * const contacts = staticContacts({ alice: ['bob'], bob: ['alice'] })
 * ```
 */
export function staticContacts(book: ContactBook): ContactsAdapter {
  const contactsOf = (userId: string): Iterable<string> => {
    if (book instanceof Map) return (book as ReadonlyMap<string, Iterable<string>>).get(userId) ?? []
    return Object.hasOwn(book, userId) ? ((book as Record<string, Iterable<string>>)[userId] ?? []) : []
  }
  return { contactsOf }
}
