/** What users have settled about who may see them; the table is that of `privacySchema()`. */
import { Router } from 'express'
import type { Pool } from 'pg'
import type { Privacy } from '../api-types.ts'
import type { SignIns } from './sign-ins.ts'

/** Whoever has no row, and whatever is NULL, has the default. */
const READ = `
  SELECT coalesce(p.online, 'contacts') AS online, coalesce(p.last_seen, 'contacts') AS "lastSeen",
    coalesce(p.precision, 'exact') AS precision
  FROM users LEFT JOIN presence_privacy p ON p.user_id = users.id WHERE users.id = $1`

const WRITE = `
  INSERT INTO presence_privacy (user_id, online, last_seen, precision) VALUES ($1, $2, $3, $4)
  ON CONFLICT (user_id) DO UPDATE
    SET online = excluded.online, last_seen = excluded.last_seen, precision = excluded.precision`

export function privacyRoutes(pool: Pool, { only }: SignIns): Router {
  const router = Router()
  router.get(
    '/privacy',
    only(async (userId) => (await pool.query<Privacy>(READ, [userId])).rows[0]),
  )
  router.put(
    '/privacy',
    only(async (userId, request) => {
      // The table takes no other values than there are.
      const { online, lastSeen, precision } = request.body as Partial<Privacy>
      await pool.query(WRITE, [userId, online, lastSeen, precision])
    }),
  )
  return router
}
