/**
 * What is used of `pg`. It is never imported: any of its versions fits, whatever has its interface does too, and an
 * application without PostgreSQL needs none.
 */

/** A query, as `pg` takes it. */
export interface PostgresQuery {
  readonly text: string
  values?: unknown[]
  /** Rows as lists of their columns, in order. */
  rowMode?: 'array'
}

/** A connected client of `pg`. */
export interface PostgresClientLike {
  query(query: PostgresQuery): Promise<{ readonly rows: readonly unknown[] }>
  on(event: string, listener: (...args: unknown[]) => void): unknown
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown
  end(): Promise<void>
}

/** A client that a pool has lent. */
export interface PostgresPoolClientLike extends Omit<PostgresClientLike, 'end'> {
  /** Gives it back; `true`: it is of no use any more. */
  release(destroy?: boolean): void
}

/** A `Pool` of `pg`. */
export interface PostgresPoolLike {
  connect(): Promise<PostgresPoolClientLike>
}
