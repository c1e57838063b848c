/** Privacy settings out of PostgreSQL: the file that wires. */
import { systemClock } from '../../core/clock.ts'
import type { PrivacySettings } from '../../core/visibility.ts'
import type { PrivacyAdapter } from '../privacy/contract.ts'
import { type Ask, createAsk } from './ask.ts'
import { createGatherer } from './gather.ts'
import { onChangeOf } from './listen.ts'
import { isStorable } from './names.ts'
import { type PostgresPrivacyOptions, resolvePrivacyOptions } from './privacy-options.ts'
import type { OwnQuery } from './questions.ts'
import { readSettings, type SettingsRow } from './settings-row.ts'

/** Users of whom one query asks. */
const AT_ONCE = 5_000

/**
 * Privacy settings out of the tables of {@link privacySchema}, or by a query of your own. What is asked in the same turn is one
 * query; the server keeps the answers, and {@link privacyTrigger} tells it of changes.
 *
 * @throws `PresenceError` `CONFIG` for an option that cannot be. Questions reject with `TIMEOUT`, or with `UNAVAILABLE`, whose
 * `cause` is what `pg` said.
 *
 * @example
 * ```ts
 * const privacy = postgresPrivacy({ pool })
 * ```
 */
export function postgresPrivacy(options: PostgresPrivacyOptions): PrivacyAdapter {
  const { pool, query, listening, queryTimeoutMs } = resolvePrivacyOptions(options)
  const ask = createAsk(pool, queryTimeoutMs, systemClock)
  const settingsOf = createGatherer((userIds) => askForSettings(ask, query, userIds), systemClock)
  return {
    // An id that cannot be stored has settled nothing.
    settingsOf: (userId) => (isStorable(userId) ? settingsOf(userId).then((found) => found ?? {}) : {}),
    ...onChangeOf({ ...listening, pool, timeoutMs: queryTimeoutMs, clock: systemClock }),
  }
}

async function askForSettings(
  ask: Ask,
  { text }: OwnQuery,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, PrivacySettings>> {
  const found = new Map<string, PrivacySettings>()
  for (let start = 0; start < userIds.length; start += AT_ONCE) {
    const rows = await ask({ text, values: [userIds.slice(start, start + AT_ONCE)] })
    for (const row of rows as readonly SettingsRow[]) found.set(String(row.user_id), readSettings(row))
  }
  return found
}
