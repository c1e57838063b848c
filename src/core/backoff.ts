/** When to try again. Full jitter: uniform between nothing and a ceiling that doubles. */

export interface BackoffOptions {
  /** The first ceiling. @defaultValue 500 */
  readonly minDelayMs: number
  /** The last ceiling. @defaultValue 30000 */
  readonly maxDelayMs: number
}

/** A server that asks to be left alone gets at least this many times the first ceiling. */
const SLOW_FACTOR = 10

/**
 * The delay before an attempt.
 *
 * @param attempt - 0 for the first try after a success
 * @param random - uniform in [0, 1)
 * @param slowly - the server asked for slowness (close codes 42xx): the delay lies in the upper half, and starts higher
 */
export function backoffDelay(
  options: BackoffOptions,
  attempt: number,
  random: number,
  slowly = false,
): number {
  const first = slowly ? options.minDelayMs * SLOW_FACTOR : options.minDelayMs
  const ceiling = Math.min(options.maxDelayMs, first * 2 ** Math.min(attempt, 30))
  return Math.round(slowly ? ceiling * (0.5 + random / 2) : ceiling * random)
}

/** The delay before coming back at a time that the server named: that time, and as much again at random. */
export function retryAfterDelay(retryAfterMs: number, random: number): number {
  return Math.round(retryAfterMs * (1 + random))
}
