// The same, but the frame is made once a transition, too, and written past `ws` to the socket under it.

import { frameOf } from '../support/frame.mjs'
import { changesOf, startHandMade } from './hand-made.mjs'

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  return startHandMade(settings, (sockets, record) => {
    const frame = frameOf(changesOf([record]))
    for (const socket of sockets) under(socket).write(frame)
  })
}

/** @param {import('ws').WebSocket} socket */
function under(socket) {
  return /** @type {{ readonly _socket: import('node:net').Socket }} */ (/** @type {unknown} */ (socket))
    ._socket
}
