/** The sample of docs/adapters.md: friendships, each stored once, by queries of the application's own. */
import { Pool } from 'pg'
import { contactsTrigger, postgresContacts } from 'presencekit/postgres'

const pool = new Pool()

const contacts = postgresContacts({
  pool,
  queries: {
    // $1: the user; $2: the last id of the page before; $3: so many.
    contactsOf: {
      text: `
        (SELECT b AS id FROM friendships WHERE a = $1 AND accepted AND b > $2 ORDER BY id LIMIT $3)
        UNION
        (SELECT a AS id FROM friendships WHERE b = $1 AND accepted AND a > $2 ORDER BY id LIMIT $3)
        ORDER BY id LIMIT $3`,
    },
    // $1: the viewer; $2: the users asked about.
    canSee: {
      text: `
        SELECT b FROM friendships WHERE a = $1 AND accepted AND b = ANY($2)
        UNION
        SELECT a FROM friendships WHERE b = $1 AND accepted AND a = ANY($2)`,
    },
  },
})

export const trigger = contactsTrigger({ table: 'friendships', userColumn: 'a', contactColumn: 'b' })
export { contacts, pool }
