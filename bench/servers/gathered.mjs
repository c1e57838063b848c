// A control: what goes to one socket within a turn of the event loop goes in one frame. Nothing of presence is kept beyond
// what the naive loop keeps, so this is what gathering gives by itself.

import { changesOf } from './hand-made.mjs'
import { startOnWs } from './on-ws.mjs'

/** @param {import('./serve.mjs').PeerSettings} settings */
export function start(settings) {
  return startOnWs(settings, createGatherer(setImmediate))
}

/**
 * @param {(flush: () => void) => unknown} later
 * @returns {import('./on-ws.mjs').Tell}
 */
export function createGatherer(later) {
  /** @type {Map<import('ws').WebSocket, string[]>} */
  let waiting = new Map()
  const flush = () => {
    const all = waiting
    waiting = new Map()
    for (const [socket, records] of all) socket.send(changesOf(records))
  }
  return (sockets, record) => {
    for (const socket of sockets) {
      const records = waiting.get(socket)
      if (records) {
        records.push(record)
        continue
      }
      if (waiting.size === 0) later(flush)
      waiting.set(socket, [record])
    }
  }
}
