/**
 * The function behind the triggers. It works a statement at a time: one that changes a million rows tells of a hundred users, or
 * once of all.
 */

/** With more users than this in one statement, all are told at once. */
const MOST_TOLD = 100
/** From this length on PostgreSQL takes no payload. */
const PAYLOAD_BYTES = 8_000

/**
 * Tells of the users whom a statement has changed.
 *
 * Its arguments: the channel; what of a row matters; the columns with user ids. It is enough to tell of one side of a pair, so
 * the first column with few users does. Rows that an update leaves as they were are no change. An empty payload says that
 * anybody may have changed.
 */
export function tellFunction(schema: string): string {
  const distinct = (rows: string): string =>
    `SELECT array_agg(id) FROM (SELECT DISTINCT id FROM (${rows}) changed WHERE id IS NOT NULL LIMIT ${MOST_TOLD + 1}) told`
  const rowsOf = (table: string): string =>
    `SELECT r.%1$I::text COLLATE "C" AS id, ROW(%2$s)::text COLLATE "C" AS content FROM ${table} r`
  const [before, after] = [rowsOf('old_rows'), rowsOf('new_rows')]
  const differing = `(${before} EXCEPT ALL ${after}) UNION ALL (${after} EXCEPT ALL ${before})`
  return `CREATE OR REPLACE FUNCTION ${schema}"presencekit_tell"() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $presencekit$
DECLARE
  changed_ids text[];
BEGIN
  IF TG_OP <> 'TRUNCATE' THEN
    FOR position IN 2 .. TG_NARGS - 1 LOOP
      EXECUTE format(CASE TG_OP
        WHEN 'INSERT' THEN '${distinct(after)}'
        WHEN 'DELETE' THEN '${distinct(before)}'
        ELSE '${distinct(differing)}'
      END, TG_ARGV[position], TG_ARGV[1]) INTO changed_ids;
      IF changed_ids IS NULL THEN
        RETURN NULL;
      END IF;
      IF cardinality(changed_ids) <= ${MOST_TOLD} THEN
        PERFORM pg_notify(TG_ARGV[0], CASE WHEN octet_length(id) < ${PAYLOAD_BYTES} THEN id ELSE '' END)
        FROM unnest(changed_ids) AS id;
        RETURN NULL;
      END IF;
    END LOOP;
  END IF;
  PERFORM pg_notify(TG_ARGV[0], '');
  RETURN NULL;
END
$presencekit$;
`
}
