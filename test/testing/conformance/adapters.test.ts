/** What we ship and what we test with, held to the contracts. */
import { describe, test } from 'vitest'
import { cachedContacts, staticContacts } from '../../../src/server/index.ts'
import { busSuite, type ContactsBook, contactsSuite, storageSuite } from '../../../src/testing/index.ts'
import { changingBook, clusterOptions, memoryOptions } from './opened.ts'

describe('memoryStorage', () => {
  for (const { name, run } of storageSuite(memoryOptions)) test(name, run)
})

describe.each([{}, { lazyEpochs: true }])('the model of shared storage %j', (more) => {
  const options = clusterOptions(more)
  for (const { name, run } of [...storageSuite(options), ...busSuite(options)]) test(name, run)
})

describe.each([false, true])('staticContacts, symmetric: %s', (symmetric) => {
  const supports = { changes: true }
  const open = (first: ContactsBook) => {
    const { book, change } = changingBook(first)
    return { contacts: { ...staticContacts(book), symmetric }, change }
  }
  for (const { name, run } of contactsSuite({ open, symmetric, supports })) test(name, run)
})

describe.each([false, true])('cachedContacts over contacts that tell of changes: %s', (notifies) => {
  const open = (first: ContactsBook) => {
    const { book, change, onChange } = changingBook(first)
    const contacts = { ...staticContacts(book), ...(notifies && { onChange }) }
    return { contacts: cachedContacts(contacts), change }
  }
  for (const { name, run } of contactsSuite({ open, supports: { changes: true, notifies } })) test(name, run)
})
