/** What the tests of PostgreSQL share. */
import type { Pool } from 'pg'
import type { PostgresPoolLike, PostgresQuery } from 'presencekit/postgres'
import { expect } from 'vitest'
import type { ContactsAdapter, IdSource } from '../../src/server/contacts/contract.ts'
import type { PostgresServer } from '../support/postgres-server.ts'
import { until } from '../support/redis-server.ts'

/** As docs/adapters.md has it. */
export const CONTACTS_TABLE = `CREATE TABLE contacts (
  user_id text COLLATE "C" NOT NULL,
  contact_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (user_id, contact_id)
)`

/** Begins anew: a database has nothing in it. */
export async function emptyDatabase(server: PostgresServer): Promise<void> {
  await server.sql('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
}

export async function addPairs(
  server: PostgresServer,
  pairs: readonly (readonly [user: string, contact: string])[],
  table = 'contacts',
): Promise<void> {
  const columns = [pairs.map(([user]) => user), pairs.map(([, contact]) => contact)]
  await server.sql(`INSERT INTO ${table} SELECT * FROM unnest($1::text[], $2::text[])`, columns)
}

/** The pages of an answer. */
export async function pagesIn(source: IdSource): Promise<string[][]> {
  const list = await source
  if (!(Symbol.asyncIterator in list)) return [[...list]]
  const pages: string[][] = []
  for await (const page of list) pages.push([...page])
  return pages
}

/** All ids of an answer, in order. */
export async function idsIn(source: IdSource): Promise<string[]> {
  return (await pagesIn(source)).flat()
}

/** Why a promise was rejected, and after how long. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<{ code: unknown; afterMs: number }> {
  const startedAt = performance.now()
  try {
    await promise
  } catch (error) {
    return { code: (error as { code?: unknown }).code, afterMs: performance.now() - startedAt }
  }
  throw new Error('It did not fail')
}

/** What an adapter has told of; `null`: anybody. */
export interface Heard {
  readonly ids: (string | null)[]
  /** Waits until exactly these have been told since the last call, in whatever order, and nothing more. */
  next(...ids: readonly (string | null)[]): Promise<void>
  stop(): void
}

/** Listens, and waits until it hears. */
export async function hear(
  server: PostgresServer,
  adapter: Pick<ContactsAdapter, 'onChange'>,
  channel: string,
): Promise<Heard> {
  const ids: (string | null)[] = []
  const stop = adapter.onChange?.((userId) => ids.push(userId)) ?? (() => {})
  let marks = 0
  const next = async (...expected: readonly (string | null)[]): Promise<void> => {
    // What is told in order is over when a mark has come behind it.
    const mark = `mark ${++marks}`
    await server.sql('SELECT pg_notify($1, $2)', [channel, mark])
    await until(() => ids.includes(mark), 'what was told last')
    const told = ids.splice(0).filter((id) => id !== mark)
    expect(told.map(String).sort()).toEqual(expected.map(String).sort())
  }
  await until(() => ids.includes(null), 'the first LISTEN')
  ids.length = 0
  return { ids, next, stop }
}

/** The database connections that listen. */
export async function listeners(server: PostgresServer): Promise<number[]> {
  const rows = await server.sql(
    `SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN %' OR query = 'SELECT 1' ORDER BY pid`,
  )
  return rows.map(({ pid }) => Number(pid))
}

/** A pool that notes the queries that have something to ask. */
export function spyOn(of: Pool): { readonly queries: PostgresQuery[]; readonly spied: PostgresPoolLike } {
  const queries: PostgresQuery[] = []
  const spied: PostgresPoolLike = {
    async connect() {
      const client = await of.connect()
      return {
        query(query) {
          if (query.values) queries.push(query)
          return client.query(query)
        },
        on: (event, listener) => client.on(event as 'error', listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (destroy) => client.release(destroy),
      }
    },
  }
  return { queries, spied }
}
