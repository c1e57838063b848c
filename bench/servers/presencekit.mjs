// presencekit as an application starts it: default options, privacy and limits on. Only the limit on how many come in a second
// is off: each bench connects all its users at once.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { createPresenceServer } from 'presencekit/server'
import { openBook } from '../support/books.mjs'
import { idOf } from '../support/ring.mjs'

/** Beats of a connection in T. */
const BEATS = 3
/** What is the default with the default T. */
const COMPARE_MS = 60_000

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  return startPresencekit(settings, {})
}

/**
 * @param {import('./serve.mjs').PeerSettings} settings
 * @param {Partial<import('presencekit/server').PresenceServerOptions>} options
 */
export async function startPresencekit(settings, options) {
  const { heartbeatMs, looksAgain } = settings
  const presence = createPresenceServer({
    authenticate: ({ token = '' }) => ({ userId: token }),
    contacts: { contactsOf: withSets(openBook(settings).contactsOf, settings.users), symmetric: true },
    privacy: { settingsOf: () => ({}) },
    limits: { admissionsPerSecond: 0 },
    ...(heartbeatMs !== undefined && { heartbeat: { timeoutMs: BEATS * heartbeatMs } }),
    ...(looksAgain !== true && { compareMs: COMPARE_MS }),
    ...options,
  })
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  presence.attach(http, { path: '/' })
  const { port } = /** @type {import('node:net').AddressInfo} */ (http.address())
  return { port, presence }
}

/**
 * The lists are at hand as sets, as `cachedContacts` keeps them: a set is taken as it is, all else is copied at each question.
 *
 * @param {(id: string) => readonly string[]} contactsOf
 * @param {number} users
 * @returns {(id: string) => Iterable<string>}
 */
function withSets(contactsOf, users) {
  const ids = Array.from({ length: users }, (_, user) => idOf(user))
  const sets = new Map(ids.map((id) => [id, new Set(contactsOf(id))]))
  return (id) => sets.get(id) ?? contactsOf(id)
}
