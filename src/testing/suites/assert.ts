/** Assertions of our own, so that a suite needs no test runner and no module of Node. */
import type { Awaitable } from '../../core/awaitable.ts'

/** What differs may be a long list; its beginning says enough. */
const MOST_SHOWN = 1_000

/** Throws where a condition does not hold. */
export function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

/** Throws where two values of plain JSON differ; the order of members does not count. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [spell(actual), spell(expected)]
  check(found === wanted, `${what} should be ${shorten(wanted)}, but is ${shorten(found)}`)
}

/** What has become of a call. */
export type Outcome = PromiseSettledResult<unknown> | { readonly status: 'pending' }

/**
 * What becomes of calls; what throws at once has been rejected as well.
 *
 * @param until - lets time pass until all have settled, or as long as that may take
 */
export async function outcomesOf(
  calls: readonly (() => unknown)[],
  until: (isSo: () => boolean) => Promise<unknown>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = calls.map(() => ({ status: 'pending' }))
  for (const [index, call] of calls.entries()) {
    void Promise.allSettled([(async () => await call())()]).then(([outcome]) => {
      outcomes[index] = outcome
    })
  }
  await until(() => outcomes.every(({ status }) => status !== 'pending'))
  return outcomes
}

/** Runs calls at the same time. */
export async function together<T>(calls: readonly (() => Awaitable<T>)[]): Promise<T[]> {
  return Promise.all(calls.map(async (call) => await call()))
}

/** JSON with sorted members; what JSON would leave out or change is named. */
function spell(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part === undefined) return '(undefined)'
    if (typeof part === 'number' && !Number.isFinite(part)) return `(${part})`
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function shorten(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}… (${text.length} characters)`
}
