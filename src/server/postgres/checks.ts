/** What options have in common. */
import { configError } from '../../core/errors.ts'
import type { PostgresPoolLike } from './client.ts'

export const DEFAULT_TIMEOUT_MS = 2_000
/** Below it a busy machine would be taken for one that is gone. */
const LEAST_TIMEOUT_MS = 50
const MOST_TIMEOUT_MS = 60_000

/** @throws `PresenceError` `CONFIG` */
export function checkPool(pool: PostgresPoolLike): PostgresPoolLike {
  if (typeof (pool as Partial<PostgresPoolLike> | undefined)?.connect === 'function') return pool
  throw configError('pool', 'a Pool of pg', pool)
}

/** @throws `PresenceError` `CONFIG` */
export function checkTimeout(queryTimeoutMs = DEFAULT_TIMEOUT_MS): number {
  const takes = `a whole number of milliseconds from ${LEAST_TIMEOUT_MS} to ${MOST_TIMEOUT_MS}`
  return checkWhole('queryTimeoutMs', queryTimeoutMs, LEAST_TIMEOUT_MS, MOST_TIMEOUT_MS, takes)
}

/** @throws `PresenceError` `CONFIG` */
export function checkWhole(
  option: string,
  given: number,
  least: number,
  most: number,
  takes = `a whole number from ${least} to ${most}`,
): number {
  if (Number.isInteger(given) && given >= least && given <= most) return given
  throw configError(option, takes, given)
}

/** @throws `PresenceError` `CONFIG` */
export function checkQuery<Query extends { readonly text: string }>(option: string, query: Query): Query {
  const text: unknown = (query as Partial<Query> | null)?.text
  if (typeof text === 'string' && text !== '') return query
  throw configError(option, 'a query, { text }', query)
}
