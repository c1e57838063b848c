/** One node in a process of its own: a `ws` server with presence on a shared Redis. Told what to be by its environment. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Cluster, Redis } from 'ioredis'
import { WebSocketServer } from 'ws'
import { createPresenceServer } from '../../src/server/index.ts'
import { redisStorage } from '../../src/server/redis/index.ts'
import { contactsOf } from './people.ts'
import type { NodeSetup } from './node.ts'

const setup = JSON.parse(process.env.NODE_SETUP ?? '{}') as NodeSetup

const client = connect(setup.redis)
// Faults of Redis are what this is about; the storage tells of them.
client.on('error', () => {})
const presence = createPresenceServer({
  authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
  contacts: { contactsOf, symmetric: true },
  storage: redisStorage({ client, commandTimeoutMs: setup.commandTimeoutMs }),
  heartbeat: { timeoutMs: setup.timeoutMs },
  limits: { admissionsPerSecond: 5_000 },
})
const http = createServer()
presence.attach(new WebSocketServer({ server: http }))
http.listen(setup.port, '127.0.0.1', () => {
  process.send?.({ port: (http.address() as AddressInfo).port })
})
process.on('SIGTERM', () => {
  void presence.close({ drainMs: setup.drainMs }).then(() => {
    client.disconnect()
    process.exit(0)
  })
})
process.on('disconnect', () => process.exit(0))

function connect(redis: NodeSetup['redis']): Redis | Cluster {
  if ('nodes' in redis) return new Cluster([...redis.nodes], { slotsRefreshTimeout: 1_000 })
  if ('sentinels' in redis) {
    return new Redis({ sentinels: [...redis.sentinels], name: redis.name, failoverDetector: true })
  }
  return new Redis({ host: '127.0.0.1', port: redis.port })
}
