// Presence on Socket.IO as people write it: a room for each user, and an event to the rooms of all contacts.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { requirePeer } from '../support/peer-packages.mjs'
import { createRing } from '../support/ring.mjs'

/**
 * The part of Socket.IO that is used.
 *
 * @typedef {object} IoSocket
 * @property {{ readonly auth: { readonly token: string } }} handshake
 * @property {(room: string) => unknown} join
 * @property {(event: string, details: unknown) => unknown} emit
 * @property {(event: string, listener: (details: string) => void) => unknown} on
 *
 * @typedef {object} Io
 * @property {(event: 'connection', listener: (socket: IoSocket) => void) => unknown} on
 * @property {(rooms: readonly string[]) => { emit(event: string, details: unknown): unknown }} to
 *
 * @typedef {{ readonly Server: new (http: import('node:http').Server, options: object) => Io }} SocketIoModule
 */

/**
 * @param {import('./serve.mjs').PeerSettings} settings
 * @param {object} [options] of Socket.IO
 */
export async function startOnSocketIo({ users, heartbeatMs }, options) {
  const { Server } = /** @type {SocketIoModule} */ (requirePeer('socket.io'))
  const contactsOf = createRing(users)
  /** @type {Map<string, string>} */
  const statuses = new Map()
  const record = (/** @type {string} */ user) => ({ user, status: statuses.get(user) ?? 'offline' })
  const http = createServer()
  const io = new Server(http, {
    transports: ['websocket'],
    serveClient: false,
    ...(heartbeatMs !== undefined && { pingInterval: heartbeatMs }),
    ...options,
  })
  io.on('connection', (socket) => {
    const user = socket.handshake.auth.token
    const change = (/** @type {string} */ status) => {
      statuses.set(user, status)
      io.to(contactsOf(user)).emit('PRESENCE_UPDATE', record(user))
    }
    socket.join(user)
    socket.on('PRESENCE_UPDATE', change)
    socket.on('roster', () => socket.emit('snapshot', contactsOf(user).map(record)))
    socket.on('disconnect', () => change('offline'))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return { port: /** @type {import('node:net').AddressInfo} */ (http.address()).port }
}
