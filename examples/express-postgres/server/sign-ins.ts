/** Who is signed in. The table is shared, so that every node knows. */
import { createHash, randomBytes } from 'node:crypto'
import type { Request, RequestHandler } from 'express'
import type { Pool } from 'pg'
import type { SignIn } from '../api-types.ts'

/** Begins, finds and ends sign-ins. */
export type SignIns = ReturnType<typeof createSignIns>

export function createSignIns(pool: Pool) {
  /** AN EXAMPLE: a name is enough. Ask for a password, or whatever you ask for. `null`: nobody of that id. */
  const begin = async (userId: unknown): Promise<SignIn | null> => {
    const found = await pool.query<{ name: string }>('SELECT name FROM users WHERE id = $1', [userId])
    const [user] = found.rows
    if (!user) return null
    const secret = randomBytes(32).toString('base64url')
    await pool.query('INSERT INTO sign_ins VALUES ($1, $2)', [digestOf(secret), userId])
    return { secret, name: user.name }
  }

  const userOf = async (request: Request): Promise<string | null> => {
    const found = await pool.query<{ user_id: string }>('SELECT user_id FROM sign_ins WHERE digest = $1', [
      digestOf(secretOf(request)),
    ])
    return found.rows[0]?.user_id ?? null
  }

  const end = async (request: Request): Promise<void> => {
    await pool.query('DELETE FROM sign_ins WHERE digest = $1', [digestOf(secretOf(request))])
  }

  /** A route for whoever is signed in; `answer` is told who that is. */
  const only =
    (answer: (userId: string, request: Request) => Promise<unknown>): RequestHandler =>
    async (request, response) => {
      const userId = await userOf(request)
      if (userId === null) response.sendStatus(401)
      else response.json((await answer(userId, request)) ?? {})
    }

  return { begin, end, only }
}

function secretOf(request: Request): string {
  return request.get('authorization')?.replace(/^Bearer /, '') ?? ''
}

/** Whoever reads the table cannot sign in with what stands there. */
function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
