/** presencekit as this application uses it: tokens of ours, contacts and settings in PostgreSQL, several nodes on one Redis. */
import type { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { postgresContacts, postgresPrivacy } from 'presencekit/postgres'
import { redisStorage } from 'presencekit/redis'
import { createPresenceServer, type PresenceServer, type PresenceServerOptions } from 'presencekit/server'
import type { Tokens } from './tokens.ts'

interface Parts extends Pick<PresenceServerOptions, 'graceMs'> {
  readonly pool: Pool
  readonly redis: Redis
  readonly tokens: Tokens
}

export function createPresence({ pool, redis, tokens, ...timing }: Parts): PresenceServer {
  return createPresenceServer({
    authenticate: ({ token }) => (token === undefined ? null : tokens.verify(token)),
    // Both listen to what the triggers of schema.ts tell, on every node. So the routes only write to their tables, and
    // so may a migration, or somebody at a psql prompt. Without triggers a route would say
    // `await presence.invalidateContacts(userId)` when it has written.
    contacts: postgresContacts({ pool, table: 'contacts' }),
    privacy: postgresPrivacy({ pool }),
    storage: redisStorage({ client: redis }),
    logger: { warn: console.warn, error: console.error },
    ...timing,
  })
}
