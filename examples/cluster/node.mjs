// One server, as an application would run it: a process of its own, that shares nothing with the others but Redis.
// It tells its parent its port once it has joined them.

import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { redisStorage } from 'presencekit/redis'
import { createPresenceServer } from 'presencekit/server'
import { contactsOf } from './people.mjs'
import { COMMAND_TIMEOUT_MS, TIMEOUT_MS } from './timing.mjs'

const client = new Redis({ port: Number(process.env.REDIS_PORT), lazyConnect: true })
const presence = createPresenceServer({
  // A TOY: whoever says "user-1" is user-1. Verify a signed token here instead.
  authenticate: ({ token = '' }) => (token === '' ? null : { userId: token }),
  contacts: { contactsOf, symmetric: true },
  storage: redisStorage({ client, commandTimeoutMs: COMMAND_TIMEOUT_MS }),
  heartbeat: { timeoutMs: TIMEOUT_MS },
})

// What a load balancer asks.
const server = createServer((_request, response) => {
  const { ready, reasons } = presence.health()
  response.writeHead(ready ? 200 : 503).end(reasons.join(' '))
})
presence.attach(server, { path: '/presence' })
server.listen(0, '127.0.0.1')

while (!presence.health().ready) await wait(20)
process.send?.(server.address())
process.on('disconnect', () => process.exit())
