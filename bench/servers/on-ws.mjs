// Hand-made presence on `ws`.

import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { createHandMade } from './hand-made.mjs'

/**
 * @typedef {import('ws').WebSocket} Socket
 * @typedef {(sockets: Iterable<Socket>, record: string) => void} Tell
 */

/**
 * @param {import('./serve.mjs').PeerSettings} settings
 * @param {Tell} tell
 * @param {(user: string, status: string) => void} [publish]
 */
export async function startOnWs(settings, tell, publish) {
  const presence = createHandMade(settings, {
    send: (/** @type {Socket} */ socket, text) => socket.send(text),
    tell,
    ...(publish && { publish }),
  })
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: false,
    clientTracking: false,
  })
  server.on('connection', (socket) => {
    const { take, lost } = presence.connect(socket)
    socket.on('message', (/** @type {Buffer} */ data) => take(data.toString()))
    socket.on('close', lost)
  })
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { port, change: presence.change }
}
