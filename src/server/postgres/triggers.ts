/** What is put into the database so that it tells of changes: SQL, to be run by a migration of the application's. */
import { checkName, quoteName, quoteText, readTableName, type TableName } from './names.ts'
import { CONTACTS_CHANNEL, DEFAULT_COLUMNS } from './contacts-options.ts'
import { PRIVACY_CHANNEL } from './privacy-options.ts'
import { type PrivacyTables, tablesOf } from './privacy-tables.ts'
import { tellFunction } from './tell-function.ts'

/** Which table {@link contactsTrigger} is for; names as in `postgresContacts`. */
export interface ContactsTriggerOptions {
  /** The table, also as `schema.table`. */
  readonly table: string
  /** @defaultValue 'user_id' */
  readonly userColumn?: string
  /** @defaultValue 'contact_id' */
  readonly contactColumn?: string
  /** The columns that matter: an update of others tells nobody. @defaultValue all of them */
  readonly columns?: readonly string[]
  /** @defaultValue 'presencekit_contacts' */
  readonly channel?: string
}

/**
 * SQL that makes a table tell of its changes: whose contacts a statement has changed, by `pg_notify` when its transaction
 * commits. Above 100 users in one statement, and for `TRUNCATE`, it tells once that anybody's may have.
 *
 * It can be run again and again. PostgreSQL 14 or later; the function is made in the schema of the table.
 *
 * @throws `PresenceError` `CONFIG` for what cannot be a name
 */
export function contactsTrigger(options: ContactsTriggerOptions): string {
  const { userColumn = DEFAULT_COLUMNS.userColumn, contactColumn = DEFAULT_COLUMNS.contactColumn } = options
  const table = readTableName('table', options.table)
  const channel = checkName('channel', options.channel ?? CONTACTS_CHANNEL)
  const sides = [checkName('userColumn', userColumn), checkName('contactColumn', contactColumn)]
  const columns = options.columns?.map((name) => `r.${quoteName('columns', name)}`).join(', ')
  return tellFunction(table.schema) + triggersOn(table, [channel, columns ?? 'r.*', ...sides])
}

/**
 * The same for the tables of {@link privacySchema}.
 *
 * @throws `PresenceError` `CONFIG` for what cannot be a name
 */
export function privacyTrigger(options: PrivacyTables & { readonly channel?: string } = {}): string {
  const { settings, blocks } = tablesOf(options)
  const channel = checkName('channel', options.channel ?? PRIVACY_CHANNEL)
  // Of a block only the side that settled it is told: the other's settings are as they were.
  const parts = [settings, blocks].map((table) => triggersOn(table, [channel, 'r.*', 'user_id']))
  return [...new Set([settings.schema, blocks.schema])].map(tellFunction).join('') + parts.join('')
}

/** One trigger for each kind of statement: none may see rows before and after of more than one. */
function triggersOn({ schema, full }: TableName, args: readonly string[]): string {
  const call = `${schema}"presencekit_tell"(${args.map(quoteText).join(', ')})`
  const trigger = (event: string, sees: string): string =>
    `CREATE OR REPLACE TRIGGER "presencekit_${event.toLowerCase()}" AFTER ${event} ON ${full}
${sees}FOR EACH STATEMENT EXECUTE FUNCTION ${call};
`
  return [
    trigger('INSERT', 'REFERENCING NEW TABLE AS new_rows '),
    trigger('UPDATE', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '),
    trigger('DELETE', 'REFERENCING OLD TABLE AS old_rows '),
    trigger('TRUNCATE', ''),
  ].join('')
}
