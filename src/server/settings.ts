/** Asks a privacy adapter, and keeps what it says for a while: complete, checked, and at hand for every question. */
import type { Awaitable } from '../core/awaitable.ts'
import type { Clock } from '../core/clock.ts'
import { PresenceError } from '../core/errors.ts'
import { countOf } from '../core/id-set.ts'
import { DEFAULT_PRIVACY, type Privacy, readPrivacy } from '../core/visibility.ts'
import { type Cache, createCache, type Kept } from './contacts/cache.ts'
import { createGuard } from './contacts/guard.ts'
import { andThen } from './contacts/waiting.ts'
import type { PrivacyAdapter } from './privacy/contract.ts'

/** What was settled counts for so long where nobody tells of a change. */
const KEEP_MS = 30_000
/** Users named in all settings that are kept, and the settings themselves. */
const MOST_KEPT = 1_000_000

/** What users have settled. */
export interface SettingsReader {
  /** Of somebody who is here, or whose change is to be told. */
  own(user: string): Awaitable<Privacy>
  /** Of somebody who is asked about. `now`: on the clock. */
  asked(user: string, now: number): Awaitable<Privacy>
  /** What is kept does not count any more; `null`: of anybody. */
  invalidate(user: string | null): void
}

export function createSettingsReader(
  adapter: PrivacyAdapter | undefined,
  timeoutMs: number,
  clock: Clock,
): SettingsReader {
  if (!adapter)
    return { own: () => DEFAULT_PRIVACY, asked: () => DEFAULT_PRIVACY, invalidate: () => undefined }
  const guard = createGuard('privacy', timeoutMs, clock)
  const cacheOf = (): Cache<Privacy> =>
    createCache({
      load: (user) => guard(() => andThen(adapter.settingsOf(user), complete)),
      ttlMs: KEEP_MS,
      maxSize: MOST_KEPT,
      sizeOf,
      clock,
    })
  // Two, so that how fast a stranger is answered does not tell whether the user is here.
  const own = cacheOf()
  const asked = cacheOf()
  return {
    own: (user) => andThen(own.get(user), valueOf),
    asked: (user, now) => andThen(asked.get(user, 0, now), valueOf),
    invalidate(user) {
      for (const cache of [own, asked]) {
        if (user === null) cache.clear()
        else cache.drop(user)
      }
    },
  }
}

function valueOf({ value }: Kept<Privacy>): Privacy {
  return value
}

function complete(settings: Parameters<typeof readPrivacy>[0]): Privacy {
  const privacy = readPrivacy(settings)
  if ('fault' in privacy)
    throw new PresenceError('CONFIG', `Of the privacy settings of a user: ${privacy.fault}`)
  return privacy
}

function sizeOf({ online, lastSeen, blocked }: Privacy): number {
  return (
    countOf(blocked) +
    (typeof online === 'object' ? countOf(online) : 0) +
    (typeof lastSeen === 'object' ? countOf(lastSeen) : 0)
  )
}
