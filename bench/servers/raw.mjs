// The limit of one write a notification in Node: finished bytes, written to bare TCP sockets. The upgrade is answered with
// whatever the generator takes for one, and nothing is checked.

import { once } from 'node:events'
import { createServer } from 'node:net'
import { eachFrame, frameOf } from '../support/frame.mjs'
import { changesOf, createHandMade } from './hand-made.mjs'

const UPGRADED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'

/** @param {import('./serve.mjs').PeerSettings} settings */
export async function start(settings) {
  /** @type {Map<string, Buffer>} */
  const frames = new Map()
  const finished = (/** @type {string} */ record) => {
    const frame = frames.get(record) ?? frameOf(changesOf([record]))
    frames.set(record, frame)
    return frame
  }
  const presence = createHandMade(settings, {
    send: (/** @type {import('node:net').Socket} */ socket, text) => socket.write(frameOf(text)),
    tell(sockets, record) {
      const frame = finished(record)
      for (const socket of sockets) socket.write(frame)
    },
  })
  const server = createServer({ noDelay: true }, (socket) => {
    const { take, lost } = presence.connect(socket)
    let rest = Buffer.alloc(0)
    socket.once('data', () => {
      socket.write(UPGRADED)
      socket.on('data', (read) => {
        const bytes = Buffer.concat([rest, read])
        const used = eachFrame(bytes, (all, from, to) => take(all.toString('utf8', from, to)))
        rest = bytes.subarray(used)
      })
    })
    socket.on('error', () => undefined)
    socket.on('close', lost)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: /** @type {import('node:net').AddressInfo} */ (server.address()).port }
}
