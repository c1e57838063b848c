// A Redis for a bench, clients of it, and the age that keeps offline from being held back.

import { Redis } from 'ioredis'
import { redisStorage } from 'presencekit/redis'
import { need, reportSkipped } from '../../.ci/setup.mjs'
import { startRedis } from '../../examples/cluster/redis.mjs'

const LONG_AGO_MS = 86_400_000

/** @typedef {Awaited<ReturnType<typeof openRedis>>} BenchRedis */

/** @param {readonly string[]} [options] */
export async function openRedis(options) {
  const program = need('redis')
  if (program === undefined) {
    reportSkipped()
    throw new Error('There is no Redis here')
  }
  const { port, stop } = await startRedis(program, options)
  const admin = new Redis({ port })
  return {
    port,
    admin,
    createClient: () => new Redis({ port, lazyConnect: true }),
    async version() {
      return /redis_version:(\S+)/.exec(await admin.info('server'))?.[1] ?? ''
    },
    /** Empties it, as if it had been empty for a day: nobody's offline is held back because it may have lost something. */
    async clear() {
      await admin.flushall()
      const storage = redisStorage({ client: new Redis({ port, lazyConnect: true }) })
      const flush = { first: true, leaseMs: 1, silent: [], gone: [], sentAt: Date.now(), toleranceMs: 60_000 }
      await storage.nodes.flush({ incarnation: 'before', ...flush })
      await storage.close()
      const epochs = await admin.keys('*:e')
      await admin.mset(new Map(epochs.map((key) => [key, String(Date.now() - LONG_AGO_MS)])))
      await admin.del(...(await admin.keys('*node*')))
    },
    stop() {
      admin.disconnect()
      stop()
    },
  }
}
