// What people write by hand: one `send` a notification. The text is made once a transition.

import { changesOf, startHandMade } from './hand-made.mjs'

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  return startHandMade(settings, (sockets, record) => {
    const text = changesOf([record])
    for (const socket of sockets) socket.send(text)
  })
}
