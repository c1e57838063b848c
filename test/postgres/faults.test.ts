/** A database that hangs, is down, or does not let anybody in. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { postgresContacts, postgresPrivacy, privacySchema } from 'presencekit/postgres'
import {
  missingPostgres,
  type PostgresServer,
  postgresTitle,
  startPostgres,
} from '../support/postgres-server.ts'
import { until } from '../support/redis-server.ts'
import { addPairs, CONTACTS_TABLE, emptyDatabase, failureOf, idsIn } from './kit.ts'

const TIMEOUT_MS = 300
/** A timer may come late on a busy machine. */
const IN_TIME_MS = TIMEOUT_MS + 700

let server: PostgresServer

describe.skipIf(missingPostgres !== null)(postgresTitle('PostgreSQL in trouble'), () => {
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    await emptyDatabase(server)
    await server.sql(CONTACTS_TABLE)
    await server.sql(privacySchema())
    await addPairs(server, [['alice', 'bob']])
  })

  const questionsTo = (pool: Pool): readonly (() => PromiseLike<unknown>)[] => {
    const contacts = postgresContacts({ pool, table: 'contacts', cache: false, queryTimeoutMs: TIMEOUT_MS })
    const privacy = postgresPrivacy({ pool, queryTimeoutMs: TIMEOUT_MS })
    return [
      () => idsIn(contacts.contactsOf('alice')),
      async () => contacts.canSee?.('bob', ['alice']),
      async () => privacy.settingsOf('alice'),
    ]
  }
  const answers = [['bob'], ['alice'], {}]
  /** Statements of others that go on. */
  const active = async (): Promise<number> => {
    const rows = await server.sql(
      `SELECT pid FROM pg_stat_activity WHERE state <> 'idle' AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    )
    return rows.length
  }
  const allBack = (pool: Pool): Promise<void> =>
    until(() => pool.totalCount === pool.idleCount && pool.waitingCount === 0, 'clients to be given back')
  const answersAgain = async (pool: Pool, questions = questionsTo(pool)): Promise<void> => {
    await until(async () => (await Promise.all(questions.map((ask) => ask()))).length === 3, 'answers')
    expect(await Promise.all(questions.map((ask) => ask()))).toEqual(answers)
    await allBack(pool)
  }

  it('L4: a table that is locked: in time it is over, here and on the server, and no client is lost', async () => {
    const pool = server.pool({ max: 3 })
    const questions = questionsTo(pool)
    const other = await server.session()
    await other.query('BEGIN; LOCK contacts, presence_privacy, presence_blocks IN ACCESS EXCLUSIVE MODE')
    const failures = await Promise.all([...questions, ...questions].map((ask) => failureOf(ask())))
    for (const failure of failures) {
      expect(failure.code).toBe('TIMEOUT')
      expect(failure.afterMs).toBeLessThan(IN_TIME_MS)
    }
    await allBack(pool)
    // The transaction that holds the lock.
    await until(async () => (await active()) === 1, 'the end of what nobody waits for')
    await other.query('ROLLBACK')
    await answersAgain(pool, questions)
  })

  it('L4: a query that sleeps: the same', async () => {
    const pool = server.pool({ max: 1 })
    const contacts = postgresContacts({
      pool,
      queries: { contactsOf: { text: 'SELECT $1 || $2 || $3::text FROM pg_sleep(600)' } },
      cache: false,
      queryTimeoutMs: TIMEOUT_MS,
    })
    const { code, afterMs } = await failureOf(idsIn(contacts.contactsOf('alice')))
    expect(code).toBe('TIMEOUT')
    expect(afterMs).toBeLessThan(IN_TIME_MS)
    await until(() => pool.totalCount === 0, 'the client to be given up')
    await until(async () => (await active()) === 0, 'the end of what nobody waits for')
  })

  it('L4: a connection from which nothing comes any more is given up, and another one made', async () => {
    const pool = server.pool({ max: 1 })
    const questions = questionsTo(pool)
    const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const pid = rows[0]?.pid ?? 0
    process.kill(pid, 'SIGSTOP')
    const failure = await failureOf((questions[0] as () => PromiseLike<unknown>)())
    const answer = await questions[0]?.()
    process.kill(pid, 'SIGCONT')
    expect(failure.code).toBe('TIMEOUT')
    expect(answer).toEqual(['bob'])
    await answersAgain(pool, questions)
  })

  it('L4: a pool whose clients are all lent: in time it is over, and what comes too late goes back', async () => {
    const pool = server.pool({ max: 1 })
    const lent = await pool.connect()
    const questions = questionsTo(pool)
    for (const { code, afterMs } of await Promise.all(questions.map((ask) => failureOf(ask())))) {
      expect(code).toBe('TIMEOUT')
      expect(afterMs).toBeLessThan(IN_TIME_MS)
    }
    lent.release()
    await answersAgain(pool, questions)
  })

  it('L4: a server that lets nobody in: in time it is over', async () => {
    const pool = server.pool()
    server.pause()
    const failures = await Promise.all(questionsTo(pool).map((ask) => failureOf(ask())))
    server.resume()
    for (const { code, afterMs } of failures) {
      expect(code).toBe('TIMEOUT')
      expect(afterMs).toBeLessThan(IN_TIME_MS)
    }
    await answersAgain(pool)
  })

  it('L4: a server that is gone: refused, and answered when it is back, by the same pool', async () => {
    const pool = server.pool()
    const questions = questionsTo(pool)
    await answersAgain(pool, questions)
    await server.kill()
    for (const ask of questions) expect(await failureOf(ask())).toMatchObject({ code: 'UNAVAILABLE' })
    await server.restart()
    await answersAgain(pool, questions)
  })

  it('L4: a server that dies in the middle of a query: refused', async () => {
    const pool = server.pool()
    const other = await server.session()
    await other.query('BEGIN; LOCK contacts IN ACCESS EXCLUSIVE MODE')
    const contacts = postgresContacts({ pool, table: 'contacts', cache: false, queryTimeoutMs: 20_000 })
    const failure = failureOf(idsIn(contacts.contactsOf('alice')))
    await until(async () => (await active()) === 2, 'the query')
    await server.kill()
    expect(await failure).toMatchObject({ code: 'UNAVAILABLE' })
    await server.restart()
    await answersAgain(pool)
  })

  it('a query that is wrong is refused, and its client serves on', async () => {
    const pool = server.pool({ max: 1 })
    const wrong = { text: 'SELECT 1 / 0 WHERE $1 = $2 OR $3 > 0' }
    const contacts = postgresContacts({ pool, queries: { contactsOf: wrong }, cache: false })
    expect(await failureOf(idsIn(contacts.contactsOf('alice')))).toMatchObject({ code: 'UNAVAILABLE' })
    await until(() => pool.idleCount === 1, 'the client to be given back')
    await answersAgain(pool)
  })

  it('no query can change anything, and nothing of it stays with the client', async () => {
    const pool = server.pool({ max: 1 })
    const text = `WITH gone AS (DELETE FROM contacts RETURNING contact_id) SELECT contact_id FROM gone WHERE $1 > $2 OR $3 > 0`
    const contacts = postgresContacts({ pool, queries: { contactsOf: { text } }, cache: false })
    expect(await failureOf(idsIn(contacts.contactsOf('alice')))).toMatchObject({ code: 'UNAVAILABLE' })
    await answersAgain(pool)
    const client = await pool.connect()
    const { rows } = await client.query('SHOW statement_timeout')
    expect(rows).toEqual([{ statement_timeout: '0' }])
    expect(client.listenerCount('error')).toBe(0)
    client.release()
  })

  it('a client that breaks while it is lent ends nothing', async () => {
    const pool = server.pool({ max: 1 })
    const other = await server.session()
    await other.query('BEGIN; LOCK contacts IN ACCESS EXCLUSIVE MODE')
    const contacts = postgresContacts({ pool, table: 'contacts', cache: false, queryTimeoutMs: 20_000 })
    const failure = failureOf(idsIn(contacts.contactsOf('alice')))
    await until(async () => (await active()) === 2, 'the query')
    await server.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)
    expect(await failure).toMatchObject({ code: 'UNAVAILABLE' })
    await other.query('ROLLBACK')
    await answersAgain(pool)
    // What would end the process comes in a later turn.
    await wait(0)
  })
})
