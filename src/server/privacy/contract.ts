/** The privacy contract: what users have settled about who may see them. */
import type { Awaitable } from '../../core/awaitable.ts'
import type { PrivacySettings } from '../../core/visibility.ts'

/**
 * Supplies the settings of users. They are cached for half a minute; a change that is announced (`invalidateContacts`, or
 * `onChange`) counts at once.
 *
 * 1. `settingsOf(userId)` MUST give the user's settings as they stand now; what is left out has its default.
 * 2. A user of whom nothing is known MUST give `{}`, not an error.
 * 3. A failing question MUST reject or throw. Nobody new is shown then.
 * 4. `onChange(listener)` MUST call the listener with the id of each user whose settings were changed, by whomever; `null`:
 *    of anybody, it is not known whose. It MUST give what stops it.
 */
export interface PrivacyAdapter {
  /** What this user has settled. Asked for many users at once: an adapter for a database gathers them into one query. */
  settingsOf(userId: string): Awaitable<PrivacySettings>
  /** Tells of changes that others made, where it can. */
  onChange?(listener: (userId: string | null) => void): () => void
}
