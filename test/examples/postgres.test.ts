/** The section on PostgreSQL in docs/adapters.md: its SQL and its samples, run against a real server. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  missingPostgres,
  type PostgresServer,
  postgresTitle,
  startPostgres,
} from '../support/postgres-server.ts'
import { until } from '../support/redis-server.ts'
import { hear, idsIn } from '../postgres/kit.ts'
import { migrate } from './postgres/migration.ts'

const page = readFileSync(new URL('../../docs/adapters.md', import.meta.url), 'utf8')
const statements = [...page.matchAll(/```sql\n(?<sql>.*?)```/gs)].map(({ groups }) => groups?.sql ?? '')

let server: PostgresServer

describe.skipIf(missingPostgres !== null)(postgresTitle('The samples for PostgreSQL'), () => {
  beforeAll(async () => {
    server = await startPostgres()
    const { host, user, database } = server.address
    Object.assign(process.env, { PGHOST: host, PGUSER: user, PGDATABASE: database })
    // Tables that were there before, of which the page speaks.
    await server.sql('CREATE TABLE follows (user_id bigint, contact_id bigint)')
    await server.sql('CREATE TABLE friends (user_id text, contact_id text)')
  })
  afterAll(() => server.stop())

  it('has SQL that can be run as it stands, and a migration twice', async () => {
    expect(statements.length).toBeGreaterThan(2)
    for (const sql of statements) await server.sql(sql)
    const client = await server.session()
    await migrate(client)
    await migrate(client)
  })

  it('has a server that is told of a block in the database', async () => {
    await server.sql(`INSERT INTO contacts VALUES ('alice', 'bob'), ('bob', 'alice')`)
    const { pool, presence } = await import('./postgres/server.ts')
    const seen = async () => (await presence.get(['alice'], { as: 'bob' })).map(({ status }) => status)
    await until(async () => (await seen())[0] === 'offline', 'the first answer')
    await server.sql(`INSERT INTO presence_blocks VALUES ('alice', 'bob')`)
    await until(async () => (await seen())[0] === 'unknown', 'the block')
    await server.sql('DELETE FROM presence_blocks')
    await until(async () => (await seen())[0] === 'offline', 'the end of the block')
    await presence.close()
    await pool.end()
  })

  it('has queries that give friendships from both sides, in pages', async () => {
    const { contacts, pool, trigger } = await import('./postgres/queries.ts')
    await server.sql(trigger)
    const heard = await hear(server, contacts, 'presencekit_contacts')
    await server.sql(
      `INSERT INTO friendships VALUES ('alice', 'bob', true), ('carol', 'alice', true), ('dave', 'alice', false)`,
    )
    await heard.next('alice', 'carol', 'dave')
    expect([...(await idsIn(contacts.contactsOf('alice')))].sort()).toEqual(['bob', 'carol'])
    expect(await idsIn(contacts.canSee?.('bob', ['alice', 'carol']) ?? [])).toEqual(['alice'])
    expect(await idsIn(contacts.canSee?.('alice', ['bob', 'carol', 'dave']) ?? [])).toEqual(['bob', 'carol'])
    heard.stop()
    await pool.end()
  })
})
