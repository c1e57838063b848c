// What people write by hand: one `send` a notification. The text is made once a transition.

import { changesOf } from './hand-made.mjs'
import { startOnWs } from './on-ws.mjs'

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  return startOnWs(settings, (sockets, record) => {
    const text = changesOf([record])
    for (const socket of sockets) socket.send(text)
  })
}
