// The same page by hand: a socket, JSON.parse, a map of what is known and one of who listens. It checks nothing, and forgets
// everything with the connection.

import { notePageReady, noteHeard, usersOfPage } from './page.mjs'

/**
 * @typedef {{ user: string, status: string }} Presence
 * @typedef {{ type: string, users: readonly Presence[] }} Message
 */

const users = usersOfPage()
/** @type {Map<string, Presence>} */
const known = new Map()
const listeners = new Map(users.map((user) => [user, noteHeard]))
const socket = new WebSocket(`ws://${location.host}/presence`, ['presencekit.v1'])
const say = (/** @type {object} */ message) => socket.send(JSON.stringify(message))

socket.onopen = () => {
  say({ type: 'hello', version: 1, token: 'viewer' })
  say({ type: 'PRESENCE_UPDATE', status: 'online' })
  say({ type: 'roster', watch: true, ref: 1 })
}
socket.onmessage = (/** @type {MessageEvent<string>} */ { data }) => {
  /** @type {unknown} */
  const parsed = JSON.parse(data)
  const message = /** @type {Message} */ (parsed)
  if (message.type === 'heartbeat') say({ type: 'heartbeat' })
  if (message.type !== 'PRESENCE_UPDATE' && message.type !== 'snapshot') return
  for (const presence of message.users) {
    known.set(presence.user, presence)
    listeners.get(presence.user)?.()
  }
  if (known.size === users.length) notePageReady()
}
