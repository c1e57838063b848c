// One raw socket that speaks just enough WebSocket. All sockets read into the same buffer, which is taken apart at once; only
// what is left of an unfinished frame is kept.

import { connect } from 'node:net'
import { eachFrame } from '../support/frame.mjs'

const READ_BYTES = 65_536
const shared = Buffer.allocUnsafe(READ_BYTES)
const END_OF_HEAD = '\r\n\r\n'

/**
 * @typedef {object} Listeners
 * @property {(bytes: Buffer, start: number, end: number) => void} onFrame payload of each frame
 * @property {(bytes: number) => void} onRead
 * @property {() => void} onLost
 */

/**
 * Resolves with the socket once the server has taken the upgrade.
 *
 * @param {number} port
 * @param {string} path
 * @param {Listeners} listeners
 * @returns {Promise<import('node:net').Socket>}
 */
export function openRawSocket(port, path, { onFrame, onRead, onLost }) {
  return new Promise((resolve, reject) => {
    let rest = Buffer.alloc(0)
    let isOpen = false
    const take = (/** @type {number} */ length) => {
      onRead(length)
      const read = shared.subarray(0, length)
      const bytes = rest.length > 0 ? Buffer.concat([rest, read]) : read
      const start = isOpen ? 0 : afterHead(bytes)
      if (!isOpen && start > 0) {
        isOpen = true
        resolve(socket)
      }
      const used = isOpen ? start + eachFrame(bytes.subarray(start), onFrame) : 0
      rest = used < bytes.length ? Buffer.from(bytes.subarray(used)) : rest.subarray(0, 0)
      return true
    }
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: shared, callback: take },
    })
    socket.on('error', (error) => reject(error))
    socket.on('close', () => {
      reject(new Error('Refused'))
      if (isOpen) onLost()
    })
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
        'Sec-WebSocket-Protocol: presencekit.v1\r\n\r\n',
    )
  })
}

/** @param {Buffer} bytes */
function afterHead(bytes) {
  const end = bytes.indexOf(END_OF_HEAD)
  if (end < 0) return 0
  const status = bytes.toString('latin1', 0, bytes.indexOf('\r'))
  if (!status.includes(' 101 ')) throw new Error(status)
  return end + END_OF_HEAD.length
}
