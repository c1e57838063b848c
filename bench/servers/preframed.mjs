// The same, but the frame is made once a transition, too, and written past `ws` to the socket under it.

import { frameOf } from '../support/frame.mjs'
import { changesOf } from './hand-made.mjs'
import { startOnWs } from './on-ws.mjs'

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  return startOnWs(settings, (sockets, record) => {
    const frame = frameOf(changesOf([record]))
    for (const socket of sockets) under(socket).write(frame)
  })
}

/** @param {import('ws').WebSocket} socket */
function under(socket) {
  return /** @type {{ readonly _socket: import('node:net').Socket }} */ (/** @type {unknown} */ (socket))
    ._socket
}
