/** Changes in the database, told by the trigger and heard by LISTEN. */
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  contactsTrigger,
  postgresContacts,
  postgresPrivacy,
  privacySchema,
  privacyTrigger,
} from 'presencekit/postgres'
import { STRANGE_IDS } from '../corpus/frames.ts'
import {
  missingPostgres,
  type PostgresServer,
  postgresTitle,
  startPostgres,
} from '../support/postgres-server.ts'
import { until } from '../support/redis-server.ts'
import { addPairs, CONTACTS_TABLE, emptyDatabase, type Heard, hear, idsIn, listeners } from './kit.ts'

const CHANNEL = 'presencekit_contacts'
/** As many users as are told one by one. */
const MOST_TOLD = 100

let server: PostgresServer
let heard: Heard

describe.skipIf(missingPostgres !== null)(postgresTitle('Changes in PostgreSQL'), () => {
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    await emptyDatabase(server)
    await server.sql(CONTACTS_TABLE)
    await server.sql(contactsTrigger({ table: 'contacts' }))
  })
  afterEach(() => {
    heard.stop()
  })

  describe('the trigger of contacts', () => {
    beforeEach(async () => {
      await addPairs(server, [
        ['alice', 'bob'],
        ['alice', 'carol'],
        ['bob', 'alice'],
      ])
      heard = await hear(server, postgresContacts({ pool: server.pool(), table: 'contacts' }), CHANNEL)
    })

    it.each([
      ['a contact added', `INSERT INTO contacts VALUES ('dave', 'alice')`, ['dave']],
      [
        'contacts of several added',
        `INSERT INTO contacts VALUES ('a', 'x'), ('a', 'y'), ('b', 'x')`,
        ['a', 'b'],
      ],
      ['a contact removed', `DELETE FROM contacts WHERE contact_id = 'carol'`, ['alice']],
      ['all contacts removed', 'DELETE FROM contacts', ['alice', 'bob']],
      ['a contact replaced', `UPDATE contacts SET contact_id = 'dave' WHERE contact_id = 'carol'`, ['alice']],
      ['a list handed on', `UPDATE contacts SET user_id = 'dave' WHERE user_id = 'bob'`, ['bob', 'dave']],
      ['an update that changes nothing', `UPDATE contacts SET user_id = user_id`, []],
      ['a removal of nobody', `DELETE FROM contacts WHERE user_id = 'nobody'`, []],
      ['TRUNCATE', 'TRUNCATE contacts', [null]],
      ['an upsert', `INSERT INTO contacts VALUES ('bob', 'alice') ON CONFLICT DO NOTHING`, []],
    ] as const)('S8: tells of %s', async (_what, sql, told) => {
      await server.sql(sql)
      await heard.next(...told)
    })

    it('S8: tells when the transaction commits, and of none that does not', async () => {
      const other = await server.session()
      await other.query(`BEGIN; INSERT INTO contacts VALUES ('dave', 'alice')`)
      await heard.next()
      await other.query('ROLLBACK')
      await heard.next()
      await other.query(`BEGIN; INSERT INTO contacts VALUES ('erin', 'alice'); COMMIT`)
      await heard.next('erin')
    })

    it('S8: tells of up to a hundred users one by one, above it of the other side, and else once of all', async () => {
      const users = (count: number) => Array.from({ length: count }, (_, index) => `user ${index}`)
      await addPairs(
        server,
        users(MOST_TOLD).flatMap((id) => users(3).map((other) => [id, `to ${other}`])),
      )
      await heard.next(...users(MOST_TOLD))
      await server.sql(`DELETE FROM contacts WHERE user_id LIKE 'user %'`)
      await heard.next(...users(MOST_TOLD))
      await addPairs(
        server,
        users(MOST_TOLD + 1).map((id) => [id, 'popular']),
      )
      await heard.next('popular')
      await addPairs(
        server,
        users(MOST_TOLD + 1).map((id) => [id, `to ${id}`]),
      )
      await heard.next(null)
    })

    it('S8: tells of whoever has the strangest id, and once of all where an id is too long to be told', async () => {
      const storable = STRANGE_IDS.filter((id) => !id.includes('\0'))
      await addPairs(
        server,
        storable.map((id) => [id, 'x']),
      )
      await heard.next(...storable)
      await addPairs(server, [['x'.repeat(7_999), '']])
      await heard.next('x'.repeat(7_999))
      await server.sql('ALTER TABLE contacts DROP CONSTRAINT contacts_pkey')
      await addPairs(server, [['é'.repeat(4_000), '']])
      await heard.next(null)
    })

    it('leaves statements as they are that name no user', async () => {
      await server.sql(`ALTER TABLE contacts DROP CONSTRAINT contacts_pkey`)
      await server.sql(`ALTER TABLE contacts ALTER user_id DROP NOT NULL`)
      await server.sql(`INSERT INTO contacts VALUES (NULL, 'bob')`)
      await heard.next()
    })

    it('can be put there again, and then tells once', async () => {
      await server.sql(contactsTrigger({ table: 'contacts' }))
      await server.sql(contactsTrigger({ table: 'contacts' }))
      await server.sql(`DELETE FROM contacts WHERE user_id = 'bob'`)
      await heard.next('bob')
    })
  })

  it('S8: a trigger for columns of any type and name, on a channel of its own, tells of what matters alone', async () => {
    await server.sql(`DROP SCHEMA IF EXISTS "the app" CASCADE; CREATE SCHEMA "the app"`)
    await server.sql(
      `CREATE TABLE "the app"."it's" (id serial, "User" bigint, "a\\b" uuid, accepted boolean, seen json)`,
    )
    const names = {
      table: "the app.it's",
      userColumn: 'User',
      contactColumn: 'a\\b',
      channel: 'It\'s "a\\b"',
    }
    const contacts = postgresContacts({ pool: server.pool(), ...names })
    heard = await hear(server, contacts, names.channel)
    await server.sql(contactsTrigger(names))
    await server.sql(`INSERT INTO "the app"."it's" VALUES (1, 7, gen_random_uuid(), false, '{"a":1}')`)
    await heard.next('7')
    await server.sql(`UPDATE "the app"."it's" SET seen = '{}'`)
    await heard.next('7')
    await server.sql(contactsTrigger({ ...names, columns: ['User', 'a\\b', 'accepted'] }))
    await server.sql(`UPDATE "the app"."it's" SET seen = '{"b":2}'`)
    await heard.next()
    await server.sql(`UPDATE "the app"."it's" SET accepted = true`)
    await heard.next('7')
  })

  it('S8: what is kept counts no more when the database has told of a change', async () => {
    const contacts = postgresContacts({ pool: server.pool(), table: 'contacts', ttlMs: 3_600_000 })
    heard = await hear(server, contacts, CHANNEL)
    const answers = async () => [
      await idsIn(contacts.contactsOf('alice')),
      await idsIn(contacts.canSee?.('bob', ['alice']) ?? []),
    ]
    expect(await answers()).toEqual([[], []])
    await addPairs(server, [['alice', 'bob']])
    await heard.next('alice')
    expect(await answers()).toEqual([expect.arrayContaining(['bob']), ['alice']])
    await server.sql('DELETE FROM contacts')
    await heard.next('alice')
    expect((await answers())[1]).toEqual([])
    // The list of one who has changed may name who changed; `canSee`, which is asked at every delivery, is exact.
    expect((await answers())[0]).not.toContain('bob')
  })

  describe('a connection that listens', () => {
    it('S8: that is killed is made again, and then anybody may have changed', async () => {
      const errors: string[] = []
      const contacts = postgresContacts({
        pool: server.pool(),
        table: 'contacts',
        onListenError: ({ code }) => {
          errors.push(code)
          throw new Error('as a hook of an application may')
        },
      })
      heard = await hear(server, contacts, CHANNEL)
      const [pid] = await listeners(server)
      await server.sql('SELECT pg_terminate_backend($1)', [pid])
      await until(() => heard.ids.includes(null), 'another LISTEN')
      expect(errors).toEqual(['UNAVAILABLE'])
      expect(await listeners(server)).not.toContain(pid)
      await heard.next(null)
      await addPairs(server, [['alice', 'bob']])
      await heard.next('alice')
    })

    it('S8: comes back with the server, and what was changed meanwhile counts', async () => {
      const contacts = postgresContacts({ pool: server.pool(), table: 'contacts', ttlMs: 3_600_000 })
      heard = await hear(server, contacts, CHANNEL)
      expect(await idsIn(contacts.contactsOf('alice'))).toEqual([])
      await server.kill()
      await server.restart()
      await addPairs(server, [['alice', 'bob']])
      await until(() => heard.ids.includes(null), 'another LISTEN')
      // Where LISTEN was there before the change, the list may name who has changed while it was asked for.
      expect(await idsIn(contacts.contactsOf('alice'))).toContain('bob')
    })

    it('S8: that is there but gives no answer is left for another', async () => {
      const clients: Client[] = []
      let isCut = false
      const contacts = postgresContacts({
        pool: server.pool(),
        table: 'contacts',
        queryTimeoutMs: 100,
        listenClient: async () => {
          const client = new Client(server.address)
          await client.connect()
          clients.push(client)
          const query = client.query.bind(client) as (query: object) => Promise<{ rows: unknown[] }>
          const cut = { query: (asked: object) => (isCut ? new Promise<never>(() => {}) : query(asked)) }
          return Object.assign(Object.create(client) as typeof client, cut)
        },
      })
      heard = await hear(server, contacts, CHANNEL)
      const before = await listeners(server)
      isCut = true
      await until(() => clients.length > 1, 'another client')
      isCut = false
      await until(() => heard.ids.includes(null), 'another LISTEN')
      await until(
        async () => (await listeners(server)).every((pid) => !before.includes(pid)),
        'the end of the first',
      )
    })

    it('is made as soon as there is a server', async () => {
      await server.kill()
      const told: (string | null)[] = []
      const errors: string[] = []
      const contacts = postgresContacts({
        pool: server.pool(),
        table: 'contacts',
        onListenError: ({ code }) => errors.push(code),
      })
      const stop = contacts.onChange?.((id) => told.push(id))
      await until(() => errors.length >= 2, 'two attempts')
      expect(told).toEqual([])
      await server.restart()
      await until(() => told.includes(null), 'the first LISTEN')
      stop?.()
    })

    it('outlives a listener that throws', async () => {
      const told: (string | null)[] = []
      const stop = postgresContacts({ pool: server.pool(), table: 'contacts' }).onChange?.((id) => {
        told.push(id)
        throw new Error('as a listener may')
      })
      await until(() => told.length === 1, 'the first LISTEN')
      await addPairs(server, [['alice', 'bob']])
      await until(() => told.includes('alice'), 'a change')
      await addPairs(server, [['bob', 'alice']])
      await until(() => told.includes('bob'), 'another change')
      stop?.()
    })

    it.each(['of the pool', 'of its own'])(
      '%s is gone when it is stopped, at whatever moment',
      async (whose) => {
        const pool = server.pool()
        const listenClient = async (): Promise<Client> => {
          const client = new Client(server.address)
          await client.connect()
          return client
        }
        const contacts = postgresContacts({
          pool,
          table: 'contacts',
          ...(whose === 'of its own' && { listenClient }),
        })
        contacts.onChange?.(() => {})()
        const told: (string | null)[] = []
        const stop = contacts.onChange?.((id) => told.push(id))
        await until(() => told.includes(null), 'the first LISTEN')
        expect(await listeners(server)).toHaveLength(1)
        stop?.()
        stop?.()
        await until(async () => (await listeners(server)).length === 0, 'the end of it')
        await addPairs(server, [['alice', 'bob']])
        expect(told).toEqual([null])
        await until(() => pool.totalCount === pool.idleCount, 'the end of the client')
        await pool.end()
      },
    )
  })

  describe('the triggers of privacy settings', () => {
    beforeEach(async () => {
      await server.sql(privacySchema())
      await server.sql(privacySchema())
      await server.sql(privacyTrigger())
      await server.sql(privacyTrigger())
      heard = await hear(server, postgresPrivacy({ pool: server.pool() }), 'presencekit_privacy')
    })

    it.each([
      ['settings', `INSERT INTO presence_privacy (user_id, online) VALUES ('alice', 'nobody')`, ['alice']],
      [
        'a block, on the side that settled it',
        `INSERT INTO presence_blocks VALUES ('alice', 'bob')`,
        ['alice'],
      ],
      ['TRUNCATE', 'TRUNCATE presence_blocks', [null]],
      [
        'all, where more than a hundred block one',
        `INSERT INTO presence_blocks SELECT 'user ' || n, 'bob' FROM generate_series(1, 101) n`,
        [null],
      ],
    ] as const)('S8: tell of %s', async (_what, sql, told) => {
      await server.sql(sql)
      await heard.next(...told)
    })

    it('S8: tell of a change and of an end', async () => {
      await server.sql(
        `INSERT INTO presence_privacy (user_id, online) VALUES ('alice', 'nobody'), ('bob', NULL)`,
      )
      await heard.next('alice', 'bob')
      await server.sql(`UPDATE presence_privacy SET online = 'contacts'`)
      await heard.next('alice', 'bob')
      await server.sql(`UPDATE presence_privacy SET online = 'nobody' WHERE user_id = 'bob'`)
      await heard.next('bob')
      await server.sql('DELETE FROM presence_privacy')
      await heard.next('alice', 'bob')
    })
  })
})
