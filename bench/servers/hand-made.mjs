// Presence as people write it by hand on `ws`: a map of sockets, a map of statuses, and a loop over the contacts. It speaks
// the same frames as presencekit, so that all are asked the same and send the same bytes; what differs between the peers
// made of it is how a notification gets to a socket.

import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { createRing } from '../support/ring.mjs'

const HEARTBEAT = '{"type":"heartbeat"}'
const TICK_MS = 20

/**
 * @typedef {import('ws').WebSocket} Socket
 * @typedef {{ type: string, token: string, status: string, ref: number }} Message
 * @typedef {(sockets: Iterable<Socket>, record: string) => void} Tell a record to many
 */

/** @param {readonly string[]} records */
export function changesOf(records) {
  return `{"type":"PRESENCE_UPDATE","users":[${records.join(',')}]}`
}

/**
 * @param {import('./serve.mjs').PeerSettings} settings
 * @param {Tell} tell
 */
export async function startHandMade({ users, heartbeatMs }, tell) {
  const contactsOf = createRing(users)
  /** @type {Map<string, Socket>} */
  const sockets = new Map()
  /** @type {Map<string, string>} */
  const statuses = new Map()
  const record = (/** @type {string} */ user) =>
    `{"user":"${user}","status":"${statuses.get(user) ?? 'offline'}"}`
  const change = (/** @type {string} */ user, /** @type {string} */ status) => {
    statuses.set(user, status)
    tell(connectedOf(contactsOf(user), sockets), record(user))
  }

  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: false,
    clientTracking: false,
  })
  server.on('connection', (socket) => {
    let user = ''
    socket.on('message', (/** @type {Buffer} */ data) => {
      /** @type {unknown} */
      const parsed = JSON.parse(data.toString())
      const message = /** @type {Message} */ (parsed)
      if (message.type === 'hello') {
        user = message.token
        sockets.set(user, socket)
        socket.send(`{"type":"welcome","version":1,"user":"${user}"}`)
      } else if (message.type === 'PRESENCE_UPDATE') {
        change(user, message.status)
        socket.send(`{"type":"self","status":"${message.status}","chosen":"auto"}`)
      } else if (message.type === 'roster') {
        socket.send(
          `{"type":"snapshot","ref":${message.ref},"users":[${contactsOf(user).map(record).join(',')}]}`,
        )
      }
    })
    socket.on('close', () => {
      if (sockets.get(user) !== socket) return
      sockets.delete(user)
      change(user, 'offline')
    })
  })
  await once(server, 'listening')
  if (heartbeatMs !== undefined) beat(sockets, heartbeatMs)
  return { port: /** @type {import('node:net').AddressInfo} */ (server.address()).port }
}

/**
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
 * @param {ReadonlyMap<string, Socket>} sockets
 * @param {number} heartbeatMs
 */
function beat(sockets, heartbeatMs) {
  let owed = 0
  let remaining = sockets.values()
  setInterval(() => {
    for (owed += (sockets.size * TICK_MS) / heartbeatMs; owed >= 1; owed--) {
      let next = remaining.next()
      if (next.done) next = (remaining = sockets.values()).next()
      next.value?.send(HEARTBEAT)
    }
  }, TICK_MS)
}
