// One connection without a network: a socket that hands frames over within the process. It answers heartbeats and else says
// only what it is told to say. So what is measured is the server, and not the sockets of the machine.

/** @typedef {import('presencekit/server').PresenceServer} PresenceServer */

const HEARTBEAT = '{"type":"heartbeat"}'

/**
 * @typedef {object} Peer
 * @property {number} frames how many came, heartbeats left out
 * @property {(records: number) => void} onRecords told how many records of users came
 * @property {string} last the last of those
 * @property {(message: object) => void} say
 * @property {() => void} drop ends it without a goodbye
 */

/**
 * @param {PresenceServer} server
 * @returns {Peer}
 */
export function openPeer(server) {
  /** @type {Map<string, (event: never) => void>} */
  const listeners = new Map()
  /** @param {string} type @param {object} event */
  const emit = (type, event) => listeners.get(type)?.(/** @type {never} */ (event))
  /** @param {string} frame */
  const say = (frame) => setImmediate(emit, 'message', { data: frame })

  const socket = {
    readyState: 1,
    bufferedAmount: 0,
    /** @param {string} frame */
    send(frame) {
      if (frame.startsWith('{"type":"heartbeat"')) return void say(HEARTBEAT)
      peer.frames++
      peer.onRecords(frame.split('"user":').length - 1)
      peer.last = frame
    },
    close: (code = 1005) => end(code),
    terminate: () => end(1006),
    /** @param {string} type @param {(event: never) => void} listener */
    addEventListener: (type, listener) => void listeners.set(type, listener),
  }
  /** @param {number} code */
  const end = (code) => {
    if (socket.readyState !== 1) return
    socket.readyState = 3
    setImmediate(emit, 'close', { code, reason: '' })
  }

  /** @type {Peer} */
  const peer = {
    frames: 0,
    onRecords: () => undefined,
    last: '',
    say: (message) => void say(JSON.stringify(message)),
    drop: () => end(1006),
  }
  server.handleConnection(socket)
  return peer
}

/**
 * Comes online as a user, and watches their whole contact list, or nobody.
 *
 * @param {PresenceServer} server
 * @param {string} user
 * @param {boolean} [watches]
 */
export function comeOnline(server, user, watches = true) {
  const peer = openPeer(server)
  peer.say({ type: 'hello', version: 1, token: user })
  peer.say({ type: 'PRESENCE_UPDATE', status: 'online' })
  if (watches) peer.say({ type: 'roster', watch: true, ref: 1 })
  return peer
}
