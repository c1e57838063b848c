// A bare publish of uWebSockets.js: a topic for each user, to which those who watch them subscribe. The loop is C++.

import { requirePeer } from '../support/peer-packages.mjs'
import { changesOf, createHandMade } from './hand-made.mjs'

/**
 * The part of uWebSockets.js that is used.
 *
 * @typedef {object} UwsSocket
 * @property {(text: string) => unknown} send
 * @property {(topic: string) => unknown} subscribe
 * @property {() => { inlet?: { take(text: string): void, lost(): void } }} getUserData
 *
 * @typedef {object} UwsApp
 * @property {(pattern: string, behaviour: object) => unknown} ws
 * @property {(topic: string, text: string) => unknown} publish
 * @property {(host: string, port: number, taken: (listening: object) => void) => unknown} listen
 *
 * @typedef {object} UwsModule
 * @property {() => UwsApp} App
 * @property {(listening: object) => number} us_socket_local_port
 */

const MOST_BACKLOG = 16 * 1_024 * 1_024

/** @param {import('./serve.mjs').PeerSettings} settings */
export async function start(settings) {
  const uws = /** @type {UwsModule} */ (requirePeer('uWebSockets.js'))
  const app = uws.App()
  const presence = createHandMade(settings, {
    send: (/** @type {UwsSocket} */ socket, text) => void socket.send(text),
    tell: (_sockets, record, user) => void app.publish(user, changesOf([record])),
    watch: (socket, user) => void socket.subscribe(user),
  })
  app.ws('/*', {
    maxBackpressure: MOST_BACKLOG,
    sendPingsAutomatically: false,
    idleTimeout: 0,
    open: (/** @type {UwsSocket} */ socket) => {
      socket.getUserData().inlet = presence.connect(socket)
    },
    message: (/** @type {UwsSocket} */ socket, /** @type {ArrayBuffer} */ data) =>
      socket.getUserData().inlet?.take(Buffer.from(data).toString()),
    close: (/** @type {UwsSocket} */ socket) => socket.getUserData().inlet?.lost(),
  })
  const listening = await new Promise((/** @type {(taken: object) => void} */ resolve) => {
    app.listen('127.0.0.1', 0, resolve)
  })
  return { port: uws.us_socket_local_port(listening) }
}
