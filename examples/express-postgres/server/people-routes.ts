/** Contacts and blocks: plain tables, plain routes. That presence has to know of a change is not their business. */
import { Router } from 'express'
import type { Pool } from 'pg'
import type { Person } from '../api-types.ts'
import type { SignIns } from './sign-ins.ts'

/** Everybody else, and what they are to this user. */
const PEOPLE = `
  SELECT id, name,
    EXISTS (SELECT FROM contacts WHERE user_id = $1 AND contact_id = id) AS "isContact",
    EXISTS (SELECT FROM presence_blocks WHERE user_id = $1 AND blocked_id = id) AS "isBlocked"
  FROM users WHERE id <> $1 ORDER BY name`

/** `$1`: who does it; `$2`: to whom. */
const CHANGES = {
  contacts: {
    add: 'INSERT INTO contacts VALUES ($1, $2) ON CONFLICT DO NOTHING',
    remove: 'DELETE FROM contacts WHERE user_id = $1 AND contact_id = $2',
  },
  blocks: {
    add: 'INSERT INTO presence_blocks VALUES ($1, $2) ON CONFLICT DO NOTHING',
    remove: 'DELETE FROM presence_blocks WHERE user_id = $1 AND blocked_id = $2',
  },
}

export function peopleRoutes(pool: Pool, { only }: SignIns): Router {
  const router = Router()
  router.get(
    '/people',
    only(async (userId) => (await pool.query<Person>(PEOPLE, [userId])).rows),
  )
  for (const [name, { add, remove }] of Object.entries(CHANGES)) {
    const change = (sql: string) =>
      only(async (userId, { params }) => {
        await pool.query(sql, [userId, params.id])
      })
    router.put(`/${name}/:id`, change(add))
    router.delete(`/${name}/:id`, change(remove))
  }
  return router
}
