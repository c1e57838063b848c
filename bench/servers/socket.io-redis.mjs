// Socket.IO on several nodes, with its Redis adapter; the statuses are kept in a hash there, since no node knows those of others.

import { Redis } from 'ioredis'
import { countCommands } from '../support/counted-client.mjs'
import { requirePeer } from '../support/peer-packages.mjs'
import { startOnSocketIo } from './on-socket.io.mjs'

const KEY = 'statuses'

/** @typedef {{ readonly createAdapter: (client: Redis, subscriber: Redis) => object }} AdapterModule */

/** @param {import('./serve.mjs').PeerSettings} settings */
export async function start(settings) {
  const { createAdapter } = /** @type {AdapterModule} */ (requirePeer('@socket.io/redis-adapter'))
  const client = new Redis({ port: settings.redisPort ?? 0 })
  const commands = countCommands(client)
  const statuses = {
    set: (/** @type {string} */ user, /** @type {string} */ status) => client.hset(KEY, user, status),
    get: (/** @type {readonly string[]} */ users) => client.hmget(KEY, ...users),
  }
  const adapter = createAdapter(client, client.duplicate())
  const { port } = await startOnSocketIo(settings, statuses, { adapter })
  return { port, commands }
}
