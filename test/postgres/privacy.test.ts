/** Privacy settings out of PostgreSQL. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type PostgresPoolLike,
  type PostgresQuery,
  postgresPrivacy,
  privacySchema,
} from 'presencekit/postgres'
import type { PrivacySettings } from 'presencekit'
import { STRANGE_IDS } from '../corpus/frames.ts'
import {
  missingPostgres,
  type PostgresServer,
  postgresTitle,
  startPostgres,
} from '../support/postgres-server.ts'
import { emptyDatabase, failureOf, spyOn } from './kit.ts'

let server: PostgresServer
let queries: PostgresQuery[]
let pool: PostgresPoolLike

describe.skipIf(missingPostgres !== null)(postgresTitle('Privacy settings in PostgreSQL'), () => {
  beforeAll(async () => {
    server = await startPostgres()
    ;({ queries, spied: pool } = spyOn(server.pool()))
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    queries.length = 0
    await emptyDatabase(server)
    await server.sql(privacySchema())
  })

  const settingsOf = (
    ids: readonly string[],
    adapter = postgresPrivacy({ pool }),
  ): Promise<PrivacySettings[]> => Promise.all(ids.map(async (id) => adapter.settingsOf(id)))

  it('privacy 1, 2: gives what was settled, what was left out is left out, and nobody unknown is an error', async () => {
    await server.sql(`INSERT INTO presence_privacy (user_id, online, last_seen, "precision", reciprocal, except_online, except_last_seen) VALUES
      ('all', 'contacts', 'everyone', 'bucket', false, ARRAY['x', 'y'], NULL),
      ('hidden', 'nobody', NULL, NULL, NULL, NULL, ARRAY['z']),
      ('empty', NULL, NULL, NULL, NULL, '{}', NULL)`)
    await server.sql(`INSERT INTO presence_blocks VALUES ('all', 'bob'), ('all', 'carol'), ('no row', 'bob')`)
    expect(await settingsOf(['all', 'hidden', 'empty', 'no row', 'nobody'])).toEqual([
      {
        online: { except: ['x', 'y'] },
        lastSeen: 'everyone',
        precision: 'bucket',
        reciprocal: false,
        blocked: expect.arrayContaining(['bob', 'carol']) as string[],
      },
      { online: 'nobody', lastSeen: { except: ['z'] } },
      {},
      { blocked: ['bob'] },
      {},
    ])
  })

  it('asks once for what is asked in the same turn, and for each user once', async () => {
    const adapter = postgresPrivacy({ pool })
    await Promise.all([
      settingsOf(['a', 'b', 'a'], adapter),
      Promise.resolve().then(() => settingsOf(['c'], adapter)),
    ])
    expect(queries.map(({ values }) => values)).toEqual([[['a', 'b', 'c']]])
    await settingsOf(['a'], adapter)
    expect(queries).toHaveLength(2)
  })

  it('asks for 12,000 users in three queries', async () => {
    const ids = Array.from({ length: 12_000 }, (_, index) => `user ${index}`)
    await server.sql(`INSERT INTO presence_privacy (user_id, online) VALUES ('user 11999', 'nobody')`)
    const found = await settingsOf(ids)
    expect(found[11_999]).toEqual({ online: 'nobody' })
    expect(found.filter((settings) => Object.keys(settings).length > 0)).toHaveLength(1)
    expect(queries).toHaveLength(3)
  })

  it('S7: each strange id is a user of its own; what cannot be stored has settled nothing, unasked', async () => {
    const storable = STRANGE_IDS.filter((id) => !id.includes('\0'))
    await server.sql(
      `INSERT INTO presence_blocks SELECT id, 'of ' || n FROM unnest($1::text[]) WITH ORDINALITY ids(id, n)`,
      [storable],
    )
    expect(await settingsOf(storable)).toEqual(storable.map((_, index) => ({ blocked: [`of ${index + 1}`] })))
    queries.length = 0
    expect(await settingsOf(['\0'])).toEqual([{}])
    expect(queries).toEqual([])
  })

  it('privacy 1: reads tables of any name, and by a query of your own', async () => {
    await server.sql(`DROP SCHEMA IF EXISTS "My App" CASCADE; CREATE SCHEMA "My App"`)
    const tables = { table: 'My App.settings', blocksTable: 'My App.order' }
    await server.sql(privacySchema(tables))
    await server.sql(`INSERT INTO "My App".settings (user_id, online) VALUES ('a', 'nobody')`)
    await server.sql(`INSERT INTO "My App"."order" VALUES ('b', 'c')`)
    expect(await settingsOf(['a', 'b'], postgresPrivacy({ pool, ...tables }))).toEqual([
      { online: 'nobody' },
      { blocked: ['c'] },
    ])
    const text = `SELECT user_id, 'everyone' AS online, array_agg(blocked_id) AS blocked FROM "My App"."order" WHERE user_id = ANY($1) GROUP BY 1`
    expect(await settingsOf(['a', 'b'], postgresPrivacy({ pool, query: { text } }))).toEqual([
      {},
      { online: 'everyone', blocked: ['c'] },
    ])
  })

  it('refuses what contradicts itself, and values that are none', async () => {
    for (const row of [`('a', 'everyone', ARRAY['b'])`, `('a', 'friends', NULL)`]) {
      const insert = server.sql(`INSERT INTO presence_privacy (user_id, online, except_online) VALUES ${row}`)
      expect(await failureOf(insert)).toMatchObject({ code: '23514' })
    }
  })

  it('privacy 3: rejects where there are no tables, for everybody who was asked about, and answers later', async () => {
    const adapter = postgresPrivacy({ pool })
    await server.sql('DROP TABLE presence_blocks')
    const failures = await Promise.all(
      ['a', 'b'].map((id) => failureOf(Promise.resolve(adapter.settingsOf(id)))),
    )
    expect(failures).toMatchObject([{ code: 'UNAVAILABLE' }, { code: 'UNAVAILABLE' }])
    await server.sql(privacySchema())
    expect(await settingsOf(['a'], adapter)).toEqual([{}])
  })

  it('finds settings and blocks of a page of users by their keys', async () => {
    await server.sql(
      `INSERT INTO presence_privacy (user_id) SELECT 'user ' || n FROM generate_series(1, 100000) n`,
    )
    await server.sql(
      `INSERT INTO presence_blocks SELECT 'user ' || n, 'bob' FROM generate_series(1, 100000) n`,
    )
    await server.sql('ANALYZE')
    await settingsOf(['user 1', 'user 2'])
    const [query] = queries
    const plan = await server.sql(`EXPLAIN ${query?.text}`, query?.values)
    const lines = plan.map((row) => String(row['QUERY PLAN'])).join('\n')
    expect(lines).toMatch(/using presence_privacy_pkey/)
    expect(lines).toMatch(/(?:using|on) presence_blocks_pkey/)
    expect(lines).not.toMatch(/Seq Scan/)
  })
})
