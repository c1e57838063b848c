/** A table of a million rows and a user with 100,000 contacts: what is asked is found by the index. Plans, not times. */
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresContacts, type PostgresQuery } from 'presencekit/postgres'
import {
  missingPostgres,
  type PostgresServer,
  postgresTitle,
  startPostgres,
} from '../support/postgres-server.ts'
import { pagesIn, spyOn } from './kit.ts'

const CONTACTS = 100_000
const ROWS = 1_000_000
/** More than filling it may take on a busy machine. */
const FILL_MS = 120_000

/** Two tables with the same rows: one as docs/adapters.md makes it, and one that was there before, with the index for it. */
const tables = [
  { table: 'made', index: 'made_pkey' },
  { table: 'there', index: 'there_presence' },
] as const

let server: PostgresServer
let pool: Pool

describe.skipIf(missingPostgres !== null)(postgresTitle('A million rows'), () => {
  beforeAll(async () => {
    server = await startPostgres()
    pool = server.pool()
    await server.sql(`CREATE TABLE made (user_id text COLLATE "C", contact_id text COLLATE "C")`)
    await server.sql(
      `INSERT INTO made
        SELECT 'popular', 'user ' || n FROM generate_series(1, $1) n UNION ALL
        SELECT 'user ' || n, 'popular' FROM generate_series(1, $1) n UNION ALL
        SELECT 'user ' || n % 50000, 'contact ' || n FROM generate_series(1, $2) n`,
      [CONTACTS, ROWS - 2 * CONTACTS],
    )
    await server.sql('ALTER TABLE made ADD PRIMARY KEY (user_id, contact_id)')
    await server.sql(
      `CREATE TABLE there (user_id varchar(200) COLLATE "en-x-icu", contact_id text COLLATE "de-x-icu")`,
    )
    await server.sql('INSERT INTO there SELECT * FROM made')
    await server.sql(
      `CREATE UNIQUE INDEX there_presence ON there (user_id COLLATE "C", contact_id COLLATE "C")`,
    )
    await server.sql('VACUUM ANALYZE')
  }, FILL_MS)
  afterAll(() => server.stop())

  it('ids that are numbers are looked up by an index over their texts', async () => {
    await server.sql('CREATE TABLE numbers (user_id bigint, contact_id bigint)')
    await server.sql('INSERT INTO numbers SELECT n % 1000, n FROM generate_series(1, 50000) n')
    await server.sql(
      `CREATE UNIQUE INDEX numbers_presence ON numbers (((user_id)::text) COLLATE "C", ((contact_id)::text) COLLATE "C")`,
    )
    await server.sql('ANALYZE numbers')
    const { queries, spied } = spyOn(pool)
    const contacts = postgresContacts({ pool: spied, table: 'numbers', cache: false })
    expect((await pagesIn(contacts.contactsOf('7'))).flat()).toHaveLength(50)
    expect(await contacts.canSee?.('1007', ['7', '8', 'alice'])).toEqual(['7'])
    for (const query of queries) {
      const steps = stepsOf(await explain(query))
      const [lookUp] = steps.filter(({ index }) => index === 'numbers_presence')
      expect(lookUp?.condition).toMatch(/user_id.*contact_id/)
      expect(steps.map(({ type }) => type)).not.toContain('Seq Scan')
    }
    expect(queries).toHaveLength(2)
  })

  describe.each(tables)('in the table $table', ({ table, index }) => {
    it('are that many, and give 100,000 contacts in ten pages, each once', async () => {
      expect(await server.sql(`SELECT count(*)::int AS count FROM ${table}`)).toEqual([{ count: ROWS }])
      const contacts = postgresContacts({ pool, table, cache: false })
      const pages = await pagesIn(contacts.contactsOf('popular'))
      expect(pages.map(({ length }) => length)).toEqual(Array(10).fill(CONTACTS / 10))
      expect(new Set(pages.flat()).size).toBe(CONTACTS)
    })

    it('are kept as one list', async () => {
      const contacts = postgresContacts({ pool, table })
      expect((await pagesIn(contacts.contactsOf('popular')))[0]).toHaveLength(CONTACTS)
    })

    it('answer canSee for 100,000 users at once', async () => {
      const contacts = postgresContacts({ pool, table, cache: false })
      const asked = Array.from({ length: CONTACTS }, (_, n) => `user ${2 * n + 1}`)
      const seen = await contacts.canSee?.('popular', asked)
      expect(new Set(seen as string[]).size).toBe(CONTACTS / 2)
    })

    it.each([
      ['the first page', (contacts) => pagesIn(contacts.contactsOf('user 7'))],
      ['the pages of a long list', (contacts) => pagesIn(contacts.contactsOf('popular'))],
      ['canSee for a few', (contacts) => contacts.canSee?.('popular', ['user 1', 'user 2', 'nobody'])],
      [
        'canSee for a page',
        (contacts) =>
          contacts.canSee?.(
            'user 7',
            Array.from({ length: 1_000 }, (_, n) => `user ${n}`),
          ),
      ],
    ] satisfies [string, (contacts: ReturnType<typeof postgresContacts>) => unknown][])(
      `are looked up by the index alone: %s`,
      async (_what, ask) => {
        const { queries, spied } = spyOn(pool)
        await ask(postgresContacts({ pool: spied, table, cache: false, pageSize: 40_000 }))
        expect(queries.length).toBeGreaterThan(0)
        for (const query of queries) {
          const steps = stepsOf(await explain(query))
          const scans = steps.filter(({ type }) => type.includes('Scan'))
          expect(scans).toEqual([
            {
              type: expect.stringMatching(/^Index (Only )?Scan$/) as string,
              index,
              condition: expect.any(String) as string,
            },
          ])
          // Both columns narrow it down, none is tried on what was found; and what comes in order is not sorted.
          expect(scans[0]?.condition).toMatch(/user_id.*contact_id/)
          expect(steps.map(({ type }) => type)).not.toContain('Sort')
        }
      },
    )
  })
})

interface Plan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Filter?: string
  readonly Plans?: readonly Plan[]
}

async function explain({ text, values = [] }: PostgresQuery): Promise<Plan> {
  const [row] = await server.sql(`EXPLAIN (FORMAT JSON) ${text}`, values)
  return (row?.['QUERY PLAN'] as [{ Plan: Plan }])[0].Plan
}

function stepsOf(plan: Plan): { type: string; index?: string; condition?: string }[] {
  expect(plan.Filter).toBeUndefined()
  const { 'Node Type': type, 'Index Name': index, 'Index Cond': condition } = plan
  return [
    { type, ...(index !== undefined && { index }), ...(condition !== undefined && { condition }) },
    ...(plan.Plans ?? []).flatMap(stepsOf),
  ]
}
