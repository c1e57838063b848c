/** The options of contacts in PostgreSQL, checked. */
import { configError } from '../../core/errors.ts'
import { checkPool, checkQuery, checkTimeout, checkWhole } from './checks.ts'
import type { PostgresPoolLike } from './client.ts'
import { checkListening, type ListeningOptions } from './listening-options.ts'
import { type OwnQuery, questionsOf } from './questions.ts'

/** Queries in place of a table. Ids are compared as they are: mind collations and types. */
export interface ContactsQueries {
  /**
   * Who is in the contact list of `$1`: in the first column the ids behind `$2` (`''` for the first page), in order, `$3` of
   * them.
   */
  readonly contactsOf: OwnQuery
  /** Which users among `$2`, a `text[]`, the viewer `$1` may see. Left out: whoever has the viewer in their list. */
  readonly canSee?: OwnQuery
}

/** How {@link postgresContacts} is set up: with a table, or with queries. */
export interface PostgresContactsOptions extends ListeningOptions {
  /** A `Pool` of `pg`, connected to the primary. It stays yours: end it after the server is closed. */
  readonly pool: PostgresPoolLike
  /**
   * The table, also as `schema.table`, as it is written in the catalogue (no folding of case). A row with `user_id` Alice and
   * `contact_id` Bob says that Bob is in Alice's contact list: he is to be told of her.
   */
  readonly table?: string
  /** @defaultValue 'user_id' */
  readonly userColumn?: string
  /** @defaultValue 'contact_id' */
  readonly contactColumn?: string
  /** Queries of your own, in place of `table`. */
  readonly queries?: ContactsQueries
  /** Every pair has both its rows, so one list serves everything. @defaultValue false */
  readonly symmetric?: boolean
  /** Ids that are asked for in one query, 1 to 100000. @defaultValue 10000 */
  readonly pageSize?: number
  /** Every query is over after this, on the client and on the server. 50 to 60000. @defaultValue 2000 */
  readonly queryTimeoutMs?: number
  /** `false`: answers are not kept at all. @defaultValue true */
  readonly cache?: boolean
  /** So long an answer is kept where no change is told. @defaultValue 30000 */
  readonly ttlMs?: number
  /** Ids that are kept. @defaultValue 2000000 */
  readonly maxIds?: number
  /** @defaultValue 'presencekit_contacts' */
  readonly channel?: string | false
}

/** The channel of contacts where none is named. */
export const CONTACTS_CHANNEL = 'presencekit_contacts'
export const DEFAULT_COLUMNS = { userColumn: 'user_id', contactColumn: 'contact_id' }
const DEFAULT_PAGE_SIZE = 10_000
/** More than the longest list that is read. */
const MOST_PAGE_SIZE = 100_000

/** @throws `PresenceError` `CONFIG`, naming the option, what it takes and what was given */
export function resolveContactsOptions(options: PostgresContactsOptions) {
  const { symmetric = false, cache = true, ttlMs, maxIds } = options
  const kept = { ...(ttlMs !== undefined && { ttlMs }), ...(maxIds !== undefined && { maxIds }) }
  return {
    pool: checkPool(options.pool),
    queries: queriesOf(options, symmetric),
    symmetric,
    cache: cache && kept,
    listening: checkListening(options, CONTACTS_CHANNEL),
    pageSize: checkWhole('pageSize', options.pageSize ?? DEFAULT_PAGE_SIZE, 1, MOST_PAGE_SIZE),
    queryTimeoutMs: checkTimeout(options.queryTimeoutMs),
  }
}

function queriesOf(options: PostgresContactsOptions, symmetric: boolean): ContactsQueries {
  const { table, queries } = options
  if ((table === undefined) === (queries === undefined))
    throw configError('table', 'given where queries are not, and left out where they are', table)
  if (queries) {
    checkQuery('queries.contactsOf', queries.contactsOf)
    if (queries.canSee) checkQuery('queries.canSee', queries.canSee)
    return queries
  }
  const names = { table: table ?? '', ...DEFAULT_COLUMNS, ...given(options) }
  const { contactsOf, canSee } = questionsOf(names)
  return symmetric ? { contactsOf } : { contactsOf, canSee }
}

/** Without what is undefined, which would hide a default. */
function given({ userColumn, contactColumn }: PostgresContactsOptions) {
  return {
    ...(userColumn !== undefined && { userColumn }),
    ...(contactColumn !== undefined && { contactColumn }),
  }
}
