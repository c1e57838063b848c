// The server that is asked, in a process of its own: users of every kind, and contacts and settings that answer a turn
// later, as a database would at best. node server.mjs <users of a kind>; tells its port.

import { createServer } from 'node:http'
import { cachedContacts, createPresenceServer } from 'presencekit/server'
import { comeOnline } from '../support/quiet-peer.mjs'
import { idOf, KINDS } from './kinds.mjs'

const count = Number(process.argv[2])
const book = /** @type {Map<string, string[]>} */ (new Map([['viewer', []]]))
const settings = /** @type {Map<string, object>} */ (new Map())
for (const { name, isContact = false, settings: own = {}, exists = true } of KINDS) {
  for (let number = 0; exists && number < count; number++) {
    const id = idOf(name, number)
    if (isContact) book.get('viewer')?.push(id)
    book.set(id, isContact ? ['viewer'] : [])
    settings.set(id, own)
  }
}

/**
 * @template Value
 * @param {Value} value
 * @returns {Promise<Value>}
 */
const later = (value) => new Promise((resolve) => setImmediate(resolve, value))
const server = createPresenceServer({
  authenticate: ({ token }) => ({ userId: token ?? '' }),
  contacts: cachedContacts({
    contactsOf: (userId) => later(book.get(userId) ?? []),
    canSee: (viewer, userIds) => later(userIds.filter((id) => book.get(id)?.includes(viewer))),
  }),
  privacy: { settingsOf: (userId) => later(settings.get(userId) ?? {}) },
  limits: { strangersPerDay: 0, framesPerSecond: 0, admissionsPerSecond: 0 },
})
/** @type {string[]} */
const online = []
for (const { name, isOnline = false } of KINDS) {
  for (let number = 0; isOnline && number < count; number++) online.push(idOf(name, number))
}
for (const user of online) comeOnline(server, user, false)
while ((await server.get(online)).some((presence) => !presence.online)) await later(undefined)

const http = createServer()
server.attach(http, { path: '/' })
http.listen(0, '127.0.0.1', () => {
  const address = http.address()
  process.send?.(typeof address === 'object' ? address?.port : 0)
})
process.on('disconnect', () => process.exit())
