/** Names and texts in SQL: quoted, so that each is exactly what was given. */
import { configError } from '../../core/errors.ts'
import { isWellFormed, utf8Length } from '../../core/ids.ts'

/** PostgreSQL cuts longer names off without a word. */
const MOST_NAME_BYTES = 63

/** Whether PostgreSQL can hold a text: it has no zero byte. */
export function isStorable(text: string): boolean {
  return !text.includes('\0')
}

/** @throws `PresenceError` `CONFIG` for what cannot be the name of anything */
export function checkName(option: string, name: string): string {
  const isName = typeof name === 'string' && name !== '' && isWellFormed(name) && isStorable(name)
  if (isName && utf8Length(name) <= MOST_NAME_BYTES) return name
  throw configError(option, `a name of 1 to ${MOST_NAME_BYTES} bytes`, name)
}

/** A name in quotes. */
export function quoteName(option: string, name: string): string {
  return `"${checkName(option, name).replaceAll('"', '""')}"`
}

/** A table, and the schema that it lies in; both in quotes, the schema empty or with its dot. */
export interface TableName {
  readonly schema: string
  readonly full: string
}

/** Takes `table` or `schema.table`. */
export function readTableName(option: string, name: string): TableName {
  const parts = typeof name === 'string' ? name.split('.') : []
  if (parts.length < 1 || parts.length > 2)
    throw configError(option, 'the name of a table, or schema.table', name)
  const quoted = parts.map((part) => quoteName(option, part))
  return { schema: quoted.length === 2 ? `${quoted[0]}.` : '', full: quoted.join('.') }
}

/** A text in quotes, whatever `standard_conforming_strings` says. */
export function quoteText(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** A column as a user id, compared byte by byte: no collation may hold one user for another, or order them otherwise. */
export function idColumn(option: string, name: string, table = ''): string {
  return `${table}${quoteName(option, name)}::text COLLATE "C"`
}
