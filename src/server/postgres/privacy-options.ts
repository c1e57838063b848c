/** The options of privacy settings in PostgreSQL, checked. */
import { configError } from '../../core/errors.ts'
import { checkPool, checkQuery, checkTimeout } from './checks.ts'
import type { PostgresPoolLike } from './client.ts'
import { checkListening, type ListeningOptions } from './listening-options.ts'
import { settingsQuery } from './privacy-schema.ts'
import { type PrivacyTables, tablesOf } from './privacy-tables.ts'
import type { OwnQuery } from './questions.ts'

/** How {@link postgresPrivacy} is set up: with the tables of `privacySchema`, or with a query. */
export interface PostgresPrivacyOptions extends PrivacyTables, ListeningOptions {
  /** A `Pool` of `pg`, connected to the primary. It stays yours: end it after the server is closed. */
  readonly pool: PostgresPoolLike
  /**
   * A query of your own, in place of the tables: the settings of the users `$1`, a `text[]`, in the columns `user_id`, `online`,
   * `last_seen`, `precision`, `reciprocal`, and as `text[]` `except_online`, `except_last_seen`, `blocked`. What is missing or
   * `NULL` has its default.
   */
  readonly query?: OwnQuery
  /** Every query is over after this, on the client and on the server. 50 to 60000. @defaultValue 2000 */
  readonly queryTimeoutMs?: number
  /** @defaultValue 'presencekit_privacy' */
  readonly channel?: string | false
}

/** The channel of settings where none is named. */
export const PRIVACY_CHANNEL = 'presencekit_privacy'

/** @throws `PresenceError` `CONFIG`, naming the option, what it takes and what was given */
export function resolvePrivacyOptions(options: PostgresPrivacyOptions) {
  const { query, table, blocksTable } = options
  if (query && (table !== undefined || blocksTable !== undefined))
    throw configError('query', 'left out where tables are named', query)
  return {
    pool: checkPool(options.pool),
    query: query ? checkQuery('query', query) : settingsQuery(tablesOf(options)),
    listening: checkListening(options, PRIVACY_CHANNEL),
    queryTimeoutMs: checkTimeout(options.queryTimeoutMs),
  }
}
