/** One node: the page, the application's routes and presence, on one port. It shares nothing with the others but the two stores. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import express from 'express'
import { Redis } from 'ioredis'
import { Pool, type PoolConfig } from 'pg'
import type { PresenceServer } from 'presencekit/server'
import { peopleRoutes } from './people-routes.ts'
import { createPresence } from './presence.ts'
import { privacyRoutes } from './privacy-routes.ts'
import { refuse } from './refuse.ts'
import { signInRoutes } from './sign-in-routes.ts'
import { createSignIns } from './sign-ins.ts'
import { createTokens } from './tokens.ts'

/** What a node is told at its start. */
export interface NodeSettings {
  readonly database: PoolConfig
  /** Its address, or its socket. */
  readonly redis: string
  /** Signs the tokens; the same on all nodes. */
  readonly secret: string
  readonly tokenLifeMs: number
  /** The folder of the built page. */
  readonly page: string
  /** 0: any that is free. */
  readonly port: number
}

/** A node that takes visitors. */
export interface RunningNode {
  readonly url: string
  readonly presence: PresenceServer
  close(): Promise<void>
}

export async function startNode(settings: NodeSettings): Promise<RunningNode> {
  const { database, secret, tokenLifeMs, page, port } = settings
  const pool = new Pool({ connectionTimeoutMillis: 2_000, ...database })
  // `pg` says here what becomes of connections that nobody uses; unheard it would end the process.
  pool.on('error', (error) => console.warn(`PostgreSQL: ${error.message}`))
  const redis = new Redis(settings.redis, { lazyConnect: true })
  const tokens = createTokens(secret, tokenLifeMs)
  const signIns = createSignIns(pool)
  const presence = createPresence({ pool, redis, tokens })

  const app = express()
  app.get('/health', (_request, response) => void response.sendStatus(presence.health().ready ? 200 : 503))
  app.use('/api', express.json(), signInRoutes(pool, signIns, tokens))
  app.use('/api', peopleRoutes(pool, signIns), privacyRoutes(pool, signIns), refuse)
  app.use(express.static(page))

  const server = createServer(app)
  presence.attach(server, { path: '/presence' })
  const { port: taken } = await listen(server, port)
  while (!presence.health().ready) await wait(20)

  return {
    url: `http://localhost:${taken}`,
    presence,
    async close() {
      await presence.close()
      server.closeAllConnections()
      server.close()
      redis.disconnect()
      await pool.end()
    },
  }
}

function listen(server: Server, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, 'localhost', () => resolve(server.address() as AddressInfo))
  })
}
