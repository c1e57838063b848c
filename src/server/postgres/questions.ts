/** The questions about contacts as SQL, for a table by its names; and how they are asked. */
import { PresenceError } from '../../core/errors.ts'
import type { Ask } from './ask.ts'
import { idColumn, readTableName } from './names.ts'

/** A query of the application's own. */
export interface OwnQuery {
  /** Its text, with `$1`, `$2` … for what it is asked about. */
  readonly text: string
}

/** Both questions, the one answered by the other's index too: it gives whole pairs. */
export function questionsOf(names: {
  readonly table: string
  readonly userColumn: string
  readonly contactColumn: string
}): { readonly contactsOf: OwnQuery; readonly canSee: OwnQuery } {
  const table = readTableName('table', names.table).full
  const user = idColumn('userColumn', names.userColumn)
  const contact = idColumn('contactColumn', names.contactColumn)
  return {
    contactsOf: {
      text: `SELECT ${contact} FROM ${table} WHERE ${user} = $1 AND ${contact} > $2 ORDER BY ${contact} LIMIT $3`,
    },
    canSee: { text: `SELECT ${user} FROM ${table} WHERE ${contact} = $1 AND ${user} = ANY($2::text[])` },
  }
}

/**
 * A list in pages, each asked for by the last id of the one before: nothing is held open between two pages, and the
 * thousandth costs what the first does.
 */
export async function* pagesOf(
  ask: Ask,
  { text }: OwnQuery,
  userId: string,
  pageSize: number,
): AsyncGenerator<readonly string[]> {
  let last = ''
  for (;;) {
    const page = await askForIds(ask, text, [userId, last, pageSize])
    if (page.length > 0) yield page
    const next = page.at(-1)
    if (next === undefined || page.length < pageSize) return
    if (next === last)
      throw new PresenceError('CONFIG', 'queries.contactsOf: must go on behind $2, but gives the same page')
    last = next
  }
}

/** Which of these the viewer may see, a page at a time. */
export async function seenBy(
  ask: Ask,
  { text }: OwnQuery,
  viewerId: string,
  userIds: readonly string[],
  pageSize: number,
): Promise<readonly string[]> {
  const seen: string[] = []
  for (let start = 0; start < userIds.length; start += pageSize) {
    for (const id of await askForIds(ask, text, [viewerId, userIds.slice(start, start + pageSize)]))
      seen.push(id)
  }
  return seen
}

/** The first column, whatever it is called. */
async function askForIds(ask: Ask, text: string, values: unknown[]): Promise<readonly string[]> {
  const rows = await ask({ text, values, rowMode: 'array' })
  return (rows as readonly unknown[][]).map(([id]) => String(id))
}
