/** Tables for privacy settings, where the application has none of its own; and the query that reads them. */
import { type PrivacyTables, type QuotedTables, tablesOf } from './privacy-tables.ts'
import type { OwnQuery } from './questions.ts'

/**
 * SQL that makes the tables from which {@link postgresPrivacy} reads. It can be run again and again, and changes no table that
 * is there. Whoever has no row has the defaults.
 *
 * @throws `PresenceError` `CONFIG` for what cannot be a name
 */
export function privacySchema(tables: PrivacyTables = {}): string {
  const { settings, blocks } = tablesOf(tables)
  // Everyone but some cannot be had: a stranger is nobody whom one could except.
  return `CREATE TABLE IF NOT EXISTS ${settings.full} (
  "user_id" text COLLATE "C" PRIMARY KEY,
  "online" text CHECK ("online" IN ('everyone', 'contacts', 'nobody')),
  "last_seen" text CHECK ("last_seen" IN ('everyone', 'contacts', 'nobody')),
  "precision" text CHECK ("precision" IN ('exact', 'minute', 'bucket')),
  "reciprocal" boolean,
  "except_online" text[],
  "except_last_seen" text[],
  CHECK ("online" IS DISTINCT FROM 'everyone' OR coalesce(cardinality("except_online"), 0) = 0),
  CHECK ("last_seen" IS DISTINCT FROM 'everyone' OR coalesce(cardinality("except_last_seen"), 0) = 0)
);
CREATE TABLE IF NOT EXISTS ${blocks.full} (
  "user_id" text COLLATE "C" NOT NULL,
  "blocked_id" text COLLATE "C" NOT NULL,
  PRIMARY KEY ("user_id", "blocked_id")
);
`
}

/** Settings and blocks of many users at once. */
export function settingsQuery({ settings, blocks }: QuotedTables): OwnQuery {
  return {
    text: `SELECT asked.id AS "user_id", s."online", s."last_seen", s."precision", s."reciprocal",
  s."except_online"::text[], s."except_last_seen"::text[],
  ARRAY(SELECT b."blocked_id"::text FROM ${blocks.full} b WHERE b."user_id"::text COLLATE "C" = asked.id) AS "blocked"
FROM unnest($1::text[]) AS asked(id)
LEFT JOIN ${settings.full} s ON s."user_id"::text COLLATE "C" = asked.id`,
  }
}
