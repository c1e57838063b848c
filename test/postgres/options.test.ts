/** What is taken and what is refused, before anything is asked. */
import { describe, expect, it } from 'vitest'
import {
  contactsTrigger,
  type PostgresContactsOptions,
  postgresContacts,
  type PostgresPrivacyOptions,
  postgresPrivacy,
  privacySchema,
  privacyTrigger,
} from 'presencekit/postgres'
import { createGatherer } from '../../src/server/postgres/gather.ts'
import { asPresenceError } from '../../src/server/postgres/in-time.ts'
import { quoteText } from '../../src/server/postgres/names.ts'
import { readSettings } from '../../src/server/postgres/settings-row.ts'

/** One that is never asked. */
const pool = { connect: () => Promise.reject(new Error('asked')) }
const LONG = 'x'.repeat(64)

function refuses(make: () => unknown, option: string): void {
  expect(make).toThrow(
    expect.objectContaining({
      code: 'CONFIG',
      message: expect.stringMatching(`^${option}: must be`) as string,
    }),
  )
}

describe('postgresContacts', () => {
  it.each([
    [{ pool: undefined }, 'pool'],
    [{ pool: 'postgres://localhost' }, 'pool'],
    [{ table: undefined }, 'table'],
    [{ queries: { contactsOf: { text: 'SELECT' } } }, 'table'],
    [{ table: '' }, 'table'],
    [{ table: 'a.b.c' }, 'table'],
    [{ table: LONG }, 'table'],
    [{ table: 'a\0' }, 'table'],
    [{ table: 7 }, 'table'],
    [{ userColumn: '' }, 'userColumn'],
    [{ contactColumn: '\ud800' }, 'contactColumn'],
    [{ table: undefined, queries: {} }, 'queries.contactsOf'],
    [
      { table: undefined, queries: { contactsOf: { text: 'SELECT' }, canSee: { text: '' } } },
      'queries.canSee',
    ],
    [{ pageSize: 0 }, 'pageSize'],
    [{ pageSize: 1.5 }, 'pageSize'],
    [{ queryTimeoutMs: 49 }, 'queryTimeoutMs'],
    [{ queryTimeoutMs: Number.POSITIVE_INFINITY }, 'queryTimeoutMs'],
    [{ ttlMs: 0 }, 'ttlMs'],
    [{ maxIds: 0.5 }, 'maxIds'],
    [{ channel: '' }, 'channel'],
    [{ channel: LONG }, 'channel'],
    [{ listenClient: {} }, 'listenClient'],
    [{ onListenError: 'no' }, 'onListenError'],
  ])('refuses %o and names the option', (given, option) => {
    const options = { pool, table: 'contacts', ...given } as unknown as PostgresContactsOptions
    refuses(() => postgresContacts(options), option)
  })

  it('asks nothing before it is asked, and listens to nothing where there is no channel', () => {
    const kept = postgresContacts({ pool, table: 'contacts', channel: false })
    expect(kept.onChange?.(() => {})).toBeTypeOf('function')
    expect(
      postgresContacts({ pool, table: 'contacts', channel: false, cache: false }).onChange,
    ).toBeUndefined()
  })

  it('S7: has no canSee where one list serves everything, and keeps one of your own', () => {
    const queries = { contactsOf: { text: 'SELECT' }, canSee: { text: 'SELECT' } }
    const plain = { pool, cache: false, symmetric: true }
    expect(postgresContacts({ ...plain, table: 'contacts' }).canSee).toBeUndefined()
    expect(postgresContacts({ ...plain, queries }).canSee).toBeTypeOf('function')
  })
})

describe('postgresPrivacy', () => {
  it.each([
    [{ pool: null }, 'pool'],
    [{ query: { text: 7 } }, 'query'],
    [{ query: { text: 'SELECT' }, table: 'settings' }, 'query'],
    [{ blocksTable: '.' }, 'blocksTable'],
    [{ queryTimeoutMs: 0 }, 'queryTimeoutMs'],
    [{ channel: 7 }, 'channel'],
  ])('refuses %o and names the option', (given, option) => {
    refuses(() => postgresPrivacy({ pool, ...given } as unknown as PostgresPrivacyOptions), option)
  })

  it('hands a value on that is none, so that the server refuses it, and takes the stricter of two', () => {
    expect(readSettings({ user_id: 'a', online: 'friends' })).toEqual({ online: 'friends' })
    expect(readSettings({ user_id: 'a', online: 'everyone', except_online: ['b'] })).toEqual({
      online: { except: ['b'] },
    })
    expect(readSettings({ user_id: 'a', online: 'nobody', except_online: ['b'] })).toEqual({
      online: 'nobody',
    })
    expect(readSettings({ user_id: 'a', except_online: [], blocked: [] })).toEqual({})
  })
})

describe('SQL that is shipped', () => {
  it.each([
    ['table', () => contactsTrigger({ table: '' })],
    ['userColumn', () => contactsTrigger({ table: 'a', userColumn: '' })],
    ['contactColumn', () => contactsTrigger({ table: 'a', contactColumn: LONG })],
    ['columns', () => contactsTrigger({ table: 'a', columns: [''] })],
    ['channel', () => contactsTrigger({ table: 'a', channel: LONG })],
    ['table', () => privacySchema({ table: 'a.b.c' })],
    ['blocksTable', () => privacyTrigger({ blocksTable: '' })],
    ['channel', () => privacyTrigger({ channel: '' })],
  ] as const)('refuses what cannot be its %s', (option, make) => {
    refuses(make, option)
  })

  it('quotes texts whatever they hold', () => {
    expect(quoteText("it's")).toBe("'it''s'")
    expect(quoteText("\\'")).toBe(String.raw`E'\\'''`)
  })
})

describe('what is asked in one turn', () => {
  it('is one question, each key once', async () => {
    const asked: (readonly string[])[] = []
    const turns: (() => void)[] = []
    const valueOf = createGatherer(
      async (keys) => {
        asked.push(keys)
        return new Map(keys.map((key) => [key, key.toUpperCase()]))
      },
      { defer: (callback) => turns.push(callback) },
    )
    const first = Promise.all(['a', 'b', 'a'].map(valueOf))
    for (const turn of turns.splice(0)) turn()
    expect(await first).toEqual(['A', 'B', 'A'])
    const second = valueOf('a')
    for (const turn of turns.splice(0)) turn()
    expect(await second).toBe('A')
    expect(asked).toEqual([['a', 'b'], ['a']])
  })
})

describe('what pg says', () => {
  it('is the cause of an error of ours, which names no user', () => {
    const cause = Object.assign(new Error('invalid input syntax for type uuid: "alice"'), { code: '22P02' })
    expect(asPresenceError(cause)).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'PostgreSQL failed: 22P02',
      cause,
    })
    expect(asPresenceError(undefined)).toMatchObject({ code: 'UNAVAILABLE', message: 'PostgreSQL failed' })
  })

  it('of a statement that the server has given up is TIMEOUT', () => {
    expect(asPresenceError(Object.assign(new Error(), { code: '57014' }))).toMatchObject({ code: 'TIMEOUT' })
  })
})
