/** One node in a process of its own: a `ws` server with presence on a shared Redis. Told what to be by its environment. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Cluster, Redis } from 'ioredis'
import { WebSocketServer } from 'ws'
import { createPresenceServer } from '../../src/server/index.ts'
import { redisStorage } from '../../src/server/redis/index.ts'
import type { Answer, NodeSetup, Question } from './node.ts'
import { contactsOf } from './people.ts'

const setup = JSON.parse(process.env.NODE_SETUP ?? '{}') as NodeSetup

const client = connect(setup.redis)
// Faults of Redis are what this is about; the storage tells of them.
client.on('error', () => {})
const presence = createPresenceServer({
  authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
  contacts: { contactsOf: (id) => contactsOf(id, setup.users), symmetric: true },
  storage: redisStorage({ client, commandTimeoutMs: setup.commandTimeoutMs }),
  heartbeat: { timeoutMs: setup.timeoutMs },
  limits: { admissionsPerSecond: setup.admissionsPerSecond },
})
const faults: string[] = []
presence.on('error', (error, { stage }) => void faults.push(`${stage}: ${String(error)}`))
const http = createServer()
presence.attach(new WebSocketServer({ server: http }))
http.listen(setup.port, '127.0.0.1', () => {
  process.send?.({ port: (http.address() as AddressInfo).port })
})

const close = async (): Promise<void> => {
  await presence.close({ drainMs: setup.drainMs })
  client.disconnect()
  // Otherwise the parent would keep this process.
  process.exit(0)
}
process.on('SIGTERM', () => void close())
process.on('disconnect', () => process.exit(0))
process.on('message', (question: Question) => {
  void answer(question).then((value) => process.send?.({ id: question.id, value } satisfies Answer))
})

async function answer({ about, ids }: Question): Promise<unknown> {
  if (about === 'health') return presence.health()
  if (about === 'faults') return faults
  const found = await presence.get(ids).catch(() => null)
  return found?.map(({ status }) => status) ?? null
}

function connect(redis: NodeSetup['redis']): Redis | Cluster {
  if ('nodes' in redis) {
    return new Cluster([...redis.nodes], { lazyConnect: true, slotsRefreshTimeout: 1_000 })
  }
  if ('sentinels' in redis) {
    const { sentinels, name } = redis
    return new Redis({ sentinels: [...sentinels], name, failoverDetector: true, lazyConnect: true })
  }
  return new Redis({ host: '127.0.0.1', port: redis.port, lazyConnect: true })
}
