/** The sample of docs/adapters.md: a server whose contacts and privacy settings are in PostgreSQL. */
import { Pool } from 'pg'
import { postgresContacts, postgresPrivacy } from 'presencekit/postgres'
import { createPresenceServer } from 'presencekit/server'

const pool = new Pool({ connectionTimeoutMillis: 2_000 })
// `pg` says here what becomes of connections that nobody uses; unheard it would end the process.
pool.on('error', () => {})

const presence = createPresenceServer({
  authenticate: async ({ token }) => (token ? { userId: token } : null),
  contacts: postgresContacts({ pool, table: 'contacts' }),
  privacy: postgresPrivacy({ pool }),
})

export { pool, presence }
