// presencekit as an application starts it: default options, privacy and limits on. Only the limit on how many come in a second
// is off: each bench connects all its users at once.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { createPresenceServer } from 'presencekit/server'
import { createRing } from '../support/ring.mjs'

/** Beats of a connection in T. */
const BEATS = 3

/** @param {import('./serve.mjs').PeerSettings} settings */
export async function start({ users, heartbeatMs }) {
  const presence = createPresenceServer({
    authenticate: ({ token = '' }) => ({ userId: token }),
    contacts: { contactsOf: createRing(users), symmetric: true },
    privacy: { settingsOf: () => ({}) },
    limits: { admissionsPerSecond: 0 },
    ...(heartbeatMs !== undefined && { heartbeat: { timeoutMs: BEATS * heartbeatMs } }),
  })
  const http = createServer().listen(0, '127.0.0.1')
  await once(http, 'listening')
  presence.attach(http, { path: '/' })
  return { port: /** @type {import('node:net').AddressInfo} */ (http.address()).port }
}
