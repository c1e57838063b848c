// Opens so many real connections in a process of its own, and answers heartbeats: node crowd.mjs <url> <count>

import { WebSocket } from 'ws'

const [, , url = '', count = '0'] = process.argv
/** Sockets that are opened at a time: the listen queue of the server is finite. */
const AT_A_TIME = 100

for (let from = 0; from < Number(count); from += AT_A_TIME)
  await Promise.all(Array.from({ length: AT_A_TIME }, (_, index) => open(`user ${from + index}`)))
process.send?.('open')
process.on('disconnect', () => process.exit())

/** @param {string} user */
function open(user) {
  const socket = new WebSocket(url, ['presencekit.v1'])
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'hello', version: 1, token: user }))
    socket.send(JSON.stringify({ type: 'PRESENCE_UPDATE', status: 'online' }))
  })
  return new Promise((resolve) => {
    socket.on('message', (/** @type {Buffer} */ data) => {
      if (data.toString().startsWith('{"type":"heartbeat"')) socket.send('{"type":"heartbeat"}')
      else resolve(undefined)
    })
  })
}
