/**
 * Contacts and privacy settings out of PostgreSQL, through a pool of `pg`.
 *
 * @packageDocumentation
 */
export type {
  PostgresClientLike,
  PostgresPoolClientLike,
  PostgresPoolLike,
  PostgresQuery,
  PostgresResult,
} from './client.ts'
export type { ContactsQueries, PostgresContactsOptions } from './contacts-options.ts'
export { postgresContacts } from './contacts.ts'
export type { ListeningOptions } from './listening-options.ts'
export { postgresPrivacy } from './privacy.ts'
export type { PostgresPrivacyOptions } from './privacy-options.ts'
export { privacySchema } from './privacy-schema.ts'
export type { PrivacyTables } from './privacy-tables.ts'
export type { OwnQuery } from './questions.ts'
export { type ContactsTriggerOptions, contactsTrigger, privacyTrigger } from './triggers.ts'
