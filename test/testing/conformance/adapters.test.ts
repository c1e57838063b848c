/** What we ship and what we test with, held to the contracts. */
import { describe, test } from 'vitest'
import { staticContacts } from '../../../src/server/index.ts'
import { busSuite, type ContactsBook, contactsSuite, storageSuite } from '../../../src/testing/index.ts'
import { clusterOptions, memoryOptions } from './opened.ts'

describe('memoryStorage', () => {
  for (const { name, run } of storageSuite(memoryOptions)) test(name, run)
})

describe.each([{}, { lazyEpochs: true }])('the model of shared storage %j', (more) => {
  const options = clusterOptions(more)
  for (const { name, run } of [...storageSuite(options), ...busSuite(options)]) test(name, run)
})

describe.each([false, true])('staticContacts, symmetric: %s', (symmetric) => {
  const open = (book: ContactsBook) => ({ contacts: { ...staticContacts(book), symmetric } })
  for (const { name, run } of contactsSuite({ open, symmetric })) test(name, run)
})
