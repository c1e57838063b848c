/** presencekit as this application uses it: tokens of ours, contacts and settings in PostgreSQL, several nodes on one Redis. */
import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { postgresContacts, postgresPrivacy } from 'presencekit/postgres'
import { redisStorage } from 'presencekit/redis'
import { createPresenceServer, type PresenceServer } from 'presencekit/server'
import type { Tokens } from './tokens.ts'

/** Short, so that something is to be seen: a tab that was closed is offline after 2 s. The default is 60 s, and 8. */
const TIMEOUT_MS = 15_000

interface Parts {
  readonly pool: Pool
  readonly redis: Redis
  readonly tokens: Tokens
}

export function createPresence({ pool, redis, tokens }: Parts): PresenceServer {
  return createPresenceServer({
    authenticate: ({ token }) => (token === undefined ? null : tokens.verify(token)),
    // Both listen to what the triggers of schema.ts tell, on every node. So the routes only write to their tables, and
    // so may a migration, or somebody at a psql prompt. Without triggers a route would say
    // `await presence.invalidateContacts(userId)` when it has written.
    contacts: postgresContacts({ pool, table: 'contacts' }),
    privacy: postgresPrivacy({ pool }),
    storage: redisStorage({ client: redis }),
    heartbeat: { timeoutMs: TIMEOUT_MS },
    logger: { warn: console.warn, error: console.error },
  })
}
