/** Sign in, a token for presence, sign out. */
import { Router } from 'express'
import type { Pool } from 'pg'
import type { SignIns } from './sign-ins.ts'
import type { Tokens } from './tokens.ts'

export function signInRoutes(pool: Pool, signIns: SignIns, tokens: Tokens): Router {
  const router = Router()
  router.get('/sign-in', async (_request, response) => {
    const { rows } = await pool.query('SELECT id, name FROM users ORDER BY name')
    response.json(rows)
  })
  router.post('/sign-in', async (request, response) => {
    const { id } = request.body as { readonly id?: unknown }
    const signIn = await signIns.begin(id)
    if (signIn) response.json(signIn)
    else response.sendStatus(401)
  })
  router.delete('/sign-in', async (request, response) => {
    await signIns.end(request)
    response.json({})
  })
  // The client asks for one at each connection, and again whenever the last is about to expire.
  router.post(
    '/token',
    signIns.only(async (userId) => ({ token: await tokens.sign(userId) })),
  )
  return router
}
