/** Holds a contacts adapter to its contract: every sentence of `ContactsAdapter`. For any test runner. */
import { type ConformanceCase, toCases } from './suites/case.ts'
import { contactsChanges } from './suites/contacts-changes.ts'
import { contactsCases } from './suites/contacts-cases.ts'
import { type ContactsSuiteOptions, openContacts } from './suites/contacts-world.ts'

/**
 * The cases that a contacts adapter has to pass, over a small book that your `open` puts into a database.
 *
 * @example
 * ```ts
 * import { test } from 'vitest'
 *
 * const open = (book: ContactsBook) => ({ contacts: staticContacts(book) })
 * for (const { name, run } of contactsSuite({ open })) test(name, run)
 * ```
 */
export function contactsSuite(options: ContactsSuiteOptions): readonly ConformanceCase[] {
  const drafts = [...contactsCases, ...contactsChanges]
  return toCases('contacts', drafts, { ...options.supports }, () => openContacts(options))
}
