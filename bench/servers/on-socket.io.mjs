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
 * @typedef {object} Statuses what is kept of users; at once, or elsewhere
 * @property {(user: string, status: string) => unknown} set
 * @property {(users: readonly string[]) => readonly (string | null | undefined)[] | Promise<readonly (string | null)[]>} get
 *
 * @typedef {{ readonly Server: new (http: import('node:http').Server, options: object) => Io }} SocketIoModule
 */

/**
 * @param {import('./serve.mjs').PeerSettings} settings
 * @param {Statuses} statuses
 * @param {object} [options] of Socket.IO
 */
export async function startOnSocketIo({ users, heartbeatMs }, statuses, options) {
  const { Server } = /** @type {SocketIoModule} */ (requirePeer('socket.io'))
  const contactsOf = createRing(users)
  const http = createServer()
  const io = new Server(http, {
    transports: ['websocket'],
    serveClient: false,
    ...(heartbeatMs !== undefined && { pingInterval: heartbeatMs }),
    ...options,
  })
  io.on('connection', (socket) => {
    const user = socket.handshake.auth.token
    const change = async (/** @type {string} */ status) => {
      await statuses.set(user, status)
      io.to(contactsOf(user)).emit('PRESENCE_UPDATE', { user, status })
    }
    const show = async () => {
      const contacts = contactsOf(user)
      const known = await statuses.get(contacts)
      socket.emit(
        'snapshot',
        contacts.map((contact, index) => ({ user: contact, status: known[index] ?? 'offline' })),
      )
    }
    socket.join(user)
    socket.on('PRESENCE_UPDATE', (status) => void change(status))
    socket.on('roster', () => void show())
    socket.on('disconnect', () => void change('offline'))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return { port: /** @type {import('node:net').AddressInfo} */ (http.address()).port }
}
