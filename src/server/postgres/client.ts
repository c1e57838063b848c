/**
 * What is used of `pg`. It is never imported: any of its versions fits, whatever has its interface does too, and an
 * application without PostgreSQL needs none.
 */

/** A query, as `pg` takes it. */
export interface PostgresQuery {
  /** With `$1`, `$2` for the values. */
  readonly text: string
  /** In order. */
  values?: unknown[]
  /** Rows as lists of their columns, in order. */
  rowMode?: 'array'
}

/** What a query gives. */
export interface PostgresResult {
  /** As `rowMode` says. */
  readonly rows: readonly unknown[]
}

/** A connected client of `pg`. */
export interface PostgresClientLike {
  /** Runs it, and rejects where the server refuses. */
  query(query: PostgresQuery): Promise<PostgresResult>
  /** As of an event emitter. */
  on(event: string, listener: (...args: unknown[]) => void): unknown
  /** As of an event emitter. */
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown
  /** Closes the connection. */
  end(): Promise<void>
}

/** A client that a pool has lent. */
export interface PostgresPoolClientLike extends Omit<PostgresClientLike, 'end'> {
  /** Gives it back; `true`: it is of no use any more. */
  release(destroy?: boolean): void
}

/** A `Pool` of `pg`. */
export interface PostgresPoolLike {
  /** Lends a client. */
  connect(): Promise<PostgresPoolClientLike>
}
