// What a connection and a user who is watched cost a node in heap. The peers live in the same process, so what they cost by
// themselves is taken off.

import { memoryStorage, createPresenceServer } from 'presencekit/server'
import { heapNow } from '../support/heap.mjs'
import { comeOnline } from '../support/quiet-peer.mjs'
import { createTally } from '../support/tally.mjs'

const CONNECTIONS = 2_000
const WATCHED = 100
const TIMEOUT_MS = 600_000

/** @returns {Promise<{ connection: number, watched: number }>} bytes of a connection, and of each user whom it watches */
export async function measureMemory() {
  const peer = await heapOf(0, ignoreAll)
  const alone = await heapOf(0, openServer())
  const watching = await heapOf(WATCHED, openServer())
  return { connection: alone - peer, watched: (watching - alone) / WATCHED }
}

/**
 * @param {number} watched
 * @param {Pick<import('presencekit/server').PresenceServer, 'handleConnection'>} server
 * @returns {Promise<number>} for each connection
 */
async function heapOf(watched, server) {
  const before = heapNow()
  const tally = createTally()
  const present = watched > 0 ? tally.more(CONNECTIONS * watched) : undefined
  const peers = Array.from({ length: CONNECTIONS }, (_, place) => {
    const peer = comeOnline(
      /** @type {import('presencekit/server').PresenceServer} */ (server),
      `user ${place}`,
      watched > 0,
    )
    peer.onRecords = tally.add
    return peer
  })
  await present
  await new Promise((resolve) => setTimeout(resolve, 500))
  return (heapNow() - before) / peers.length
}

/** A server that only listens to its sockets. @type {Pick<import('presencekit/server').PresenceServer, 'handleConnection'>} */
const ignoreAll = {
  handleConnection(socket) {
    for (const type of /** @type {const} */ (['message', 'close', 'error']))
      socket.addEventListener(type, () => undefined)
  },
}

function openServer() {
  return createPresenceServer({
    authenticate: ({ token = '' }) => ({ userId: token }),
    contacts: { contactsOf: () => [], canSee: (_viewer, users) => users, rosterOf },
    storage: memoryStorage(),
    heartbeat: { timeoutMs: TIMEOUT_MS },
    limits: { admissionsPerSecond: 0 },
  })
}

/** @param {string} user */
function rosterOf(user) {
  const place = Number(user.slice('user '.length))
  return Array.from({ length: WATCHED }, (_, index) => `user ${(place + index + 1) % CONNECTIONS}`)
}
