/** The tables of privacy settings, by their names. */
import { readTableName, type TableName } from './names.ts'

/** The tables that hold settings. */
export interface PrivacyTables {
  /** Also as `schema.table`. @defaultValue 'presence_privacy' */
  readonly table?: string
  /** Who has blocked whom. @defaultValue 'presence_blocks' */
  readonly blocksTable?: string
}

/** Both names, quoted. */
export interface QuotedTables {
  readonly settings: TableName
  readonly blocks: TableName
}

/** @throws `PresenceError` `CONFIG` for what cannot be a name */
export function tablesOf({
  table = 'presence_privacy',
  blocksTable = 'presence_blocks',
}: PrivacyTables): QuotedTables {
  return { settings: readTableName('table', table), blocks: readTableName('blocksTable', blocksTable) }
}
