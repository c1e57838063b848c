/** Contacts in PostgreSQL, held to their contract on a real server; and what that contract leaves open. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest'
import { contactsTrigger, type PostgresContactsOptions, postgresContacts } from 'presencekit/postgres'
import { type ContactsSuiteOptions, contactsSuite } from 'presencekit/testing'
import { STRANGE_IDS } from '../corpus/frames.ts'
import {
  missingPostgres,
  type PostgresServer,
  postgresTitle,
  startPostgres,
} from '../support/postgres-server.ts'
import { addPairs, CONTACTS_TABLE, emptyDatabase, failureOf, idsIn, pagesIn } from './kit.ts'

/** The same as the table's, in the application's own words. */
const queries = {
  contactsOf: {
    text: 'SELECT contact_id FROM contacts WHERE user_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $3',
  },
  canSee: { text: 'SELECT user_id FROM contacts WHERE contact_id = $1 AND user_id = ANY($2)' },
}

/** What there is to be held to the contract. Kept lists say nothing of `symmetric`: a kept list is no exact answer. */
const kinds: readonly (Omit<PostgresContactsOptions, 'pool'> & { readonly title: string })[] = [
  { title: 'a table', table: 'contacts' },
  { title: 'a table, not kept, in pages of 7', table: 'contacts', cache: false, pageSize: 7 },
  { title: 'a table of symmetric lists', table: 'contacts', cache: false, symmetric: true },
  { title: 'queries', queries },
  { title: 'queries without canSee', queries: { contactsOf: queries.contactsOf } },
]

let server: PostgresServer

describe.skipIf(missingPostgres !== null)(postgresTitle('Contacts in PostgreSQL'), () => {
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())

  describe.each(kinds)('by $title', ({ title: _, ...kind }) => {
    const options: ContactsSuiteOptions = {
      symmetric: kind.symmetric ?? false,
      supports: { breakDown: true, changes: true, notifies: true },
      async open(book) {
        await emptyDatabase(server)
        await server.sql(CONTACTS_TABLE)
        await server.sql(contactsTrigger({ table: 'contacts' }))
        await addPairs(
          server,
          [...book].flatMap(([user, contacts]) => contacts.map((contact) => [user, contact] as const)),
        )
        const pool = server.pool()
        return {
          contacts: postgresContacts({ pool, ...kind }),
          breakDown: () => pool.end(),
          async change(userId, contactIds) {
            await server.sql('DELETE FROM contacts WHERE user_id = $1', [userId])
            await addPairs(
              server,
              contactIds.map((contact) => [userId, contact]),
            )
          },
          close: async () => {
            if (!pool.ended) await pool.end()
          },
        }
      },
    }
    for (const { name, run } of contactsSuite(options)) test(name, run)
  })

  describe('ids', () => {
    const storable = STRANGE_IDS.filter((id) => !id.includes('\0'))

    beforeEach(() => emptyDatabase(server))

    it('S7: each strange id is a user of its own, and what cannot be stored is nobody, unasked', async () => {
      await server.sql(CONTACTS_TABLE)
      await addPairs(
        server,
        storable.flatMap((id, index) => [
          [id, `contact ${index}`],
          [`user ${index}`, id],
        ]),
      )
      const pool = server.pool()
      const contacts = postgresContacts({ pool, table: 'contacts', cache: false, pageSize: 3 })
      for (const [index, id] of storable.entries()) {
        expect(await idsIn(contacts.contactsOf(id))).toEqual([`contact ${index}`])
        expect(
          await contacts.canSee?.(
            id,
            storable.map((_, other) => `user ${other}`),
          ),
        ).toEqual([`user ${index}`])
        expect(await contacts.canSee?.(`contact ${index}`, STRANGE_IDS)).toEqual([id])
      }
      await pool.end()
      expect(await idsIn(contacts.contactsOf('a\0'))).toEqual([])
      expect(await contacts.canSee?.('a\0', ['a'])).toEqual([])
      expect(await contacts.canSee?.('a', ['\0'])).toEqual([])
    })

    it('S7: come in pages by their bytes, whatever collation the columns have', async () => {
      await server.sql(
        `CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`,
      )
      await server.sql(
        'CREATE TABLE contacts (user_id text COLLATE folding, contact_id text COLLATE folding)',
      )
      const ids = [...storable, 'a', 'A', 'b', 'B', 'é', 'e', 'É', '-a', 'a-']
      const byBytes = [...new Set(ids)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      await addPairs(
        server,
        byBytes.map((id) => ['Alice', id]),
      )
      await addPairs(server, [['alice', 'x']])
      const contacts = postgresContacts({ pool: server.pool(), table: 'contacts', cache: false, pageSize: 1 })
      expect(await idsIn(contacts.contactsOf('Alice'))).toEqual(byBytes)
      expect(await contacts.canSee?.('a', ['Alice', 'alice', 'ALICE'])).toEqual(['Alice'])
    })

    it('may be numbers or uuids in the database: any other id is nobody', async () => {
      await server.sql('CREATE TABLE contacts (user_id bigint, contact_id uuid)')
      const uuid = '0b4f5d9e-1c1f-4d57-9f5e-3a0c0f6f2a11'
      await server.sql(`INSERT INTO contacts VALUES (7, '${uuid}')`)
      const contacts = postgresContacts({ pool: server.pool(), table: 'contacts', cache: false })
      expect(await idsIn(contacts.contactsOf('7'))).toEqual([uuid])
      expect(await contacts.canSee?.(uuid, ['7', '07', 'alice'])).toEqual(['7'])
      for (const id of storable) expect(await idsIn(contacts.contactsOf(id))).toEqual([])
    })

    it('names are taken as they are: schemas, quotes, capitals and words of SQL', async () => {
      await server.sql(`DROP SCHEMA IF EXISTS "My ""App" CASCADE; CREATE SCHEMA "My ""App"`)
      await server.sql(`CREATE TABLE "My ""App"."Order" ("User" text, "select" text)`)
      await addPairs(server, [['alice', 'bob']], '"My ""App"."Order"')
      const contacts = postgresContacts({
        pool: server.pool(),
        table: 'My "App.Order',
        userColumn: 'User',
        contactColumn: 'select',
      })
      expect(await idsIn(contacts.contactsOf('alice'))).toEqual(['bob'])
      expect([...((await contacts.canSee?.('bob', ['alice', 'carol'])) ?? [])]).toEqual(['alice'])
    })
  })

  describe('pages', () => {
    beforeEach(async () => {
      await emptyDatabase(server)
      await server.sql(CONTACTS_TABLE)
    })

    it.each([
      [0, [0]],
      [2, [2]],
      [3, [3]],
      [7, [3, 3, 1]],
    ])('of 3 from %i contacts are %o', async (count, sizes) => {
      await addPairs(
        server,
        Array.from({ length: count }, (_, index) => ['alice', `contact ${index}`]),
      )
      const contacts = postgresContacts({ pool: server.pool(), table: 'contacts', cache: false, pageSize: 3 })
      const pages = await pagesIn(contacts.contactsOf('alice'))
      expect(pages.map(({ length }) => length)).toEqual(count === 0 ? [] : sizes)
    })

    it('hold no client between them, nor when nobody reads on', async () => {
      await addPairs(
        server,
        Array.from({ length: 10 }, (_, index) => ['alice', `contact ${index}`]),
      )
      const pool = server.pool({ max: 1 })
      const contacts = postgresContacts({ pool, table: 'contacts', cache: false, pageSize: 3 })
      let pages = 0
      for await (const _page of contacts.contactsOf('alice') as AsyncIterable<Iterable<string>>) {
        // It would wait in vain for the only client.
        expect(await contacts.canSee?.('contact 1', ['alice'])).toEqual(['alice'])
        if (++pages === 2) break
      }
      expect(await idsIn(contacts.contactsOf('alice'))).toHaveLength(10)
    })

    it('of a query that gives the first one for ever are refused', async () => {
      await addPairs(
        server,
        Array.from({ length: 10 }, (_, index) => ['alice', `contact ${index}`]),
      )
      const text = `SELECT contact_id FROM contacts WHERE user_id = $1 AND ($2 = '' OR true) ORDER BY contact_id LIMIT $3`
      const contacts = postgresContacts({
        pool: server.pool(),
        queries: { contactsOf: { text } },
        cache: false,
        pageSize: 3,
      })
      expect(await failureOf(idsIn(contacts.contactsOf('alice')))).toMatchObject({ code: 'CONFIG' })
    })
  })
})
