/** Contacts out of PostgreSQL: the file that wires. */
import { systemClock } from '../../core/clock.ts'
import { cachedContacts } from '../contacts/cached.ts'
import type { ContactsAdapter } from '../contacts/contract.ts'
import { createAsk } from './ask.ts'
import { type PostgresContactsOptions, resolveContactsOptions } from './contacts-options.ts'
import { onChangeOf } from './listen.ts'
import { isStorable } from './names.ts'
import { pagesOf, seenBy } from './questions.ts'

/**
 * Contacts out of a table, or by queries of your own; kept for a while, as `cachedContacts` does, and given up as soon as the
 * trigger ({@link contactsTrigger}) tells of a change, on every node.
 *
 * Lists are read in pages, none of which holds a client or a cursor when it is over. Every query is over after
 * `queryTimeoutMs`, on the server as well.
 *
 * @throws `PresenceError` `CONFIG` for an option that cannot be. Questions reject with `TIMEOUT`, or with `UNAVAILABLE`, whose
 * `cause` is what `pg` said.
 *
 * @example
 * ```ts
 * const contacts = postgresContacts({ pool, table: 'contacts' })
 * ```
 */
export function postgresContacts(options: PostgresContactsOptions): ContactsAdapter {
  const { pool, queries, symmetric, cache, listening, pageSize, queryTimeoutMs } =
    resolveContactsOptions(options)
  const ask = createAsk(pool, queryTimeoutMs, systemClock)
  const { contactsOf, canSee } = queries
  const contacts: ContactsAdapter = {
    symmetric,
    // Ids that cannot be stored are nobody's.
    contactsOf: (userId) => (isStorable(userId) ? pagesOf(ask, contactsOf, userId, pageSize) : []),
    ...(canSee && {
      canSee: (viewerId, userIds) =>
        isStorable(viewerId) ? seenBy(ask, canSee, viewerId, userIds.filter(isStorable), pageSize) : [],
    }),
    ...onChangeOf({ ...listening, pool, timeoutMs: queryTimeoutMs, clock: systemClock }),
  }
  return cache ? cachedContacts(contacts, cache) : contacts
}
