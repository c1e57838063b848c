/** A suite is worth what it catches: each of these is wrong in one way, and the sentence it breaks says so. */
import { describe, expect, test } from 'vitest'
import {
  busSuite,
  type ConformanceCase,
  contactsSuite,
  type ContactsSuiteOptions,
  storageSuite,
} from '../../../src/testing/index.ts'
import { staticContacts } from '../../../src/server/index.ts'
import { brokenBuses } from './broken-buses.ts'
import { brokenContacts } from './broken-contacts.ts'
import { brokenStorages } from './broken-storages.ts'
import { changingBook, clusterOptions } from './opened.ts'

/** The sentences that something does not keep to, and what is said of it. */
async function caughtBy(cases: readonly ConformanceCase[], breaks: string): Promise<string[]> {
  const tried = cases.filter(({ name }) => name.startsWith(`${breaks}:`))
  expect(tried).not.toEqual([])
  const messages = await Promise.all(
    tried.map(({ run }) =>
      run().then(
        () => null,
        (error: unknown) => (error as Error).message,
      ),
    ),
  )
  return messages.filter((message) => message !== null)
}

describe('the storage suite catches a storage that', () => {
  test.each(brokenStorages.map(({ title, breaks, wrap }) => [title, breaks, wrap] as const))(
    '%s (%s)',
    async (_, breaks, wrap) => {
      expect(await caughtBy(storageSuite(clusterOptions({}, wrap)), breaks)).not.toEqual([])
    },
  )
})

describe('the bus suite catches a bus that', () => {
  test.each(brokenBuses.map(({ title, breaks, wrap }) => [title, breaks, wrap] as const))(
    '%s (%s)',
    async (_, breaks, wrap) => {
      expect(await caughtBy(busSuite(clusterOptions({}, wrap)), breaks)).not.toEqual([])
    },
  )
})

describe('the contacts suite catches contacts that', () => {
  test.each(brokenContacts.map(({ title, breaks, open }) => [title, breaks, open] as const))(
    '%s (%s)',
    async (_, breaks, open) => {
      const options: ContactsSuiteOptions = {
        supports: { breakDown: true, changes: true, notifies: true },
        settleMs: 50,
        open(first) {
          let isDown = false
          const breakDown = () => {
            isDown = true
          }
          const { book, change, onChange } = changingBook(first)
          return { contacts: open(book, () => isDown, onChange), breakDown, change }
        },
      }
      expect(await caughtBy(contactsSuite(options), breaks)).not.toEqual([])
    },
  )
})

test('what the suite for contacts was told is supported has to be there', async () => {
  const supports = { breakDown: true, changes: true, notifies: true }
  const bare = contactsSuite({ supports, open: (book) => ({ contacts: staticContacts(book) }) })
  const said = ['6', '7', '8'].map(async (sentence) => (await caughtBy(bare, `contacts ${sentence}`))[0])
  expect(await Promise.all(said)).toEqual([
    'The suite was told that breakDown is supported, but open() gave none',
    'The suite was told that changes are supported, but open() gave no such method',
    'The suite was told that the adapter notifies, but it has no onChange',
  ])
})

test('what the suite was told is supported has to be there', async () => {
  const options = clusterOptions()
  const bare = {
    ...options,
    open: async () => {
      const { connect, advance } = await options.open()
      return { connect, advance }
    },
  }
  expect(await caughtBy(storageSuite(bare), 'storage 6')).toContain(
    'The suite was told that wipe is supported, but open() gave no such method',
  )
})
