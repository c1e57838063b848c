// Some nodes in this process, each with connections of its own to one Redis.

import { setTimeout as wait } from 'node:timers/promises'
import { redisStorage } from 'presencekit/redis'
import { createPresenceServer } from 'presencekit/server'
import { countedClient } from './counted-client.mjs'

/**
 * @param {number} count
 * @param {import('./redis.mjs').BenchRedis} redis
 * @param {ReturnType<typeof import('./meter.mjs').createMeter>} meter
 * @param {Omit<import('presencekit/server').PresenceServerOptions, 'authenticate' | 'storage'>} options
 */
export async function openNodes(count, redis, meter, options) {
  const servers = Array.from({ length: count }, () =>
    createPresenceServer({
      authenticate: ({ token = '' }) => ({ userId: token }),
      storage: redisStorage({ client: countedClient(redis.createClient(), meter.count) }),
      ...options,
      limits: { admissionsPerSecond: 0, changesPerMinute: 0 },
    }),
  )
  while (servers.some((server) => !server.health().ready)) await wait(10)
  return {
    /** @param {number} index */
    at: (index) => /** @type {import('presencekit/server').PresenceServer} */ (servers[index % count]),
    ailments: () => servers.flatMap((server) => server.health().reasons),
    close: () => Promise.all(servers.map((server) => server.close())),
  }
}
