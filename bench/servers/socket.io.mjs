// Socket.IO on one node.

import { startOnSocketIo } from './on-socket.io.mjs'

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  /** @type {Map<string, string>} */
  const statuses = new Map()
  return startOnSocketIo(settings, {
    set: (user, status) => statuses.set(user, status),
    get: (users) => users.map((user) => statuses.get(user)),
  })
}
