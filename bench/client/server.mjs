// The server behind the pages of W6, in a process of its own: a viewer whose contacts, all of them online, change at a steady
// rate. The others have no sockets: what is measured is the page.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { createPresenceServer } from 'presencekit/server'
import { answerParent, settingsOfChild } from '../support/child.mjs'
import { comeOnline } from '../support/quiet-peer.mjs'
import { idOf } from '../support/ring.mjs'

const TICK_MS = 5
/** Neighbours in time are no neighbours in the list. */
const STRIDE = 997

/** @typedef {{ users: number, scripts: Record<string, string> }} ClientSettings */

const { users, scripts } = /** @type {ClientSettings} */ (settingsOfChild())
const contacts = Array.from({ length: users }, (_, index) => idOf(index))
const presence = createPresenceServer({
  authenticate: ({ token = '' }) => ({ userId: token }),
  contacts: { contactsOf: (user) => (user === 'viewer' ? contacts : ['viewer']), symmetric: true },
  limits: { admissionsPerSecond: 0 },
})
const http = createServer((request, response) => {
  const script = scripts[new URL(request.url ?? '', 'http://bench').pathname.slice(1)]
  response.writeHead(script === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(`<!doctype html><title>bench</title><body><script type="module">${script ?? ''}</script>`)
}).listen(0, '127.0.0.1')
await once(http, 'listening')
presence.attach(http, { path: '/presence' })
const peers = contacts.map((user) => comeOnline(presence, user, false))

let place = 0
let changed = 0
const statuses = new Map(contacts.map((user) => [user, 'online']))

answerParent({
  port: () => /** @type {import('node:net').AddressInfo} */ (http.address()).port,
  changed: () => changed,
  /** @param {number} perSecond */
  start(perSecond) {
    const [startedAt, before] = [performance.now(), changed]
    setInterval(() => {
      const due = before + ((performance.now() - startedAt) / 1_000) * perSecond
      for (; changed < due; changed++) {
        place = (place + STRIDE) % users
        const user = idOf(place)
        const status = statuses.get(user) === 'online' ? 'away' : 'online'
        statuses.set(user, status)
        peers[place]?.say({ type: 'PRESENCE_UPDATE', status })
      }
    }, TICK_MS)
  },
})
