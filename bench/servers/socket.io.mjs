// Socket.IO on one node.

import { startOnSocketIo } from './on-socket.io.mjs'

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  return startOnSocketIo(settings)
}
