// Presence as people write it by hand: a map of sockets, a map of statuses, and a loop over the contacts. It speaks the same
// frames as presencekit, so that all are asked the same and send the same bytes; the peers made of it differ in the sockets they
// sit on, and in how a notification gets there.

import { openBook } from '../support/books.mjs'

const HEARTBEAT = '{"type":"heartbeat"}'
/** So many times within their interval somebody's heartbeat is due: as often as presencekit looks. */
const TICKS = 200

/**
 * @typedef {{ type: string, token: string, status: string, ref: number, users: readonly string[] }} Message
 */

/** @param {readonly string[]} records */
export function changesOf(records) {
  return `{"type":"PRESENCE_UPDATE","users":[${records.join(',')}]}`
}

/**
 * @template Socket
 * @param {import('./serve.mjs').PeerSettings} settings
 * @param {object} ways
 * @param {(socket: Socket, text: string) => void} ways.send
 * @param {(sockets: Iterable<Socket>, record: string, user: string) => void} ways.tell a record to all contacts who are here
 * @param {(socket: Socket, user: string) => void} [ways.watch] this one is told of that one from now on
 * @param {(user: string, status: string) => void} [ways.publish] where contacts are on other nodes, too: instead of telling
 */
export function createHandMade(settings, { send, tell, watch, publish }) {
  const { heartbeatMs } = settings
  const { contactsOf } = openBook(settings)
  /** @type {Map<string, Socket>} */
  const sockets = new Map()
  /** @type {Map<string, string>} */
  const statuses = new Map()
  const record = (/** @type {string} */ user) =>
    `{"user":"${user}","status":"${statuses.get(user) ?? 'offline'}"}`
  const change = (/** @type {string} */ user, /** @type {string} */ status) => {
    statuses.set(user, status)
    tell(connectedOf(contactsOf(user), sockets), record(user), user)
  }
  const announce = publish ?? change
  if (heartbeatMs !== undefined) beat(sockets, heartbeatMs, send)

  return {
    /** Of whomever, wherever they are connected. */
    change,
    /** @param {Socket} socket */
    connect(socket) {
      let user = ''
      return {
        take: (/** @type {string} */ text) => {
          /** @type {unknown} */
          const parsed = JSON.parse(text)
          const message = /** @type {Message} */ (parsed)
          if (message.type === 'hello') {
            user = message.token
            sockets.set(user, socket)
            send(socket, `{"type":"welcome","version":1,"user":"${user}"}`)
          } else if (message.type === 'PRESENCE_UPDATE') {
            announce(user, message.status)
            send(socket, `{"type":"self","status":"${message.status}","chosen":"auto"}`)
          } else if (message.type === 'roster' || message.type === 'subscribe') {
            const watched = message.type === 'roster' ? contactsOf(user) : message.users
            if (watch) for (const contact of watched) watch(socket, contact)
            const records = watched.map(record).join(',')
            send(socket, `{"type":"snapshot","ref":${message.ref},"users":[${records}]}`)
          }
        },
        lost: () => {
          if (sockets.get(user) !== socket) return
          sockets.delete(user)
          announce(user, 'offline')
        },
      }
    },
  }
}

/**
 * @template Socket
 * @param {readonly string[]} users
 * @param {ReadonlyMap<string, Socket>} sockets
 */
function* connectedOf(users, sockets) {
  for (const user of users) {
    const socket = sockets.get(user)
    if (socket) yield socket
  }
}

/**
 * Heartbeats, evenly spread over their interval, as presencekit spreads them.
 *
 * @template Socket
 * @param {ReadonlyMap<string, Socket>} sockets
 * @param {number} heartbeatMs
 * @param {(socket: Socket, text: string) => void} send
 */
function beat(sockets, heartbeatMs, send) {
  const tickMs = heartbeatMs / TICKS
  let owed = 0
  let remaining = sockets.values()
  setInterval(() => {
    for (owed += sockets.size / TICKS; owed >= 1; owed--) {
      let next = remaining.next()
      if (next.done) next = (remaining = sockets.values()).next()
      if (!next.done) send(next.value, HEARTBEAT)
    }
  }, tickMs)
}
