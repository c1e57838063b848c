/** Presence tokens: short-lived JWTs. Whichever node the client reaches verifies them without asking anybody. */
import { errors, jwtVerify, SignJWT } from 'jose'

const ALGORITHM = 'HS256'
/** A token for presence opens nothing else. */
const AUDIENCE = 'presence'

/** Makes tokens, and says whose they are. */
export type Tokens = ReturnType<typeof createTokens>

/** `secret`: the same on all nodes, base64url. */
export function createTokens(secret: string, lifeMs: number) {
  const key = Buffer.from(secret, 'base64url')
  return {
    sign: (userId: string): Promise<string> =>
      new SignJWT()
        .setProtectedHeader({ alg: ALGORITHM })
        .setSubject(userId)
        .setAudience(AUDIENCE)
        .setExpirationTime(new Date(Date.now() + lifeMs))
        .sign(key),

    /** What `authenticate` answers; `null`: no good. presencekit asks for the next one before `expiresAt`. */
    async verify(token: string): Promise<{ userId: string; expiresAt: number } | null> {
      const demands = { algorithms: [ALGORITHM], audience: AUDIENCE, requiredClaims: ['sub', 'exp'] }
      try {
        const { payload } = await jwtVerify(token, key, demands)
        const { sub = '', exp = 0 } = payload
        return { userId: sub, expiresAt: exp * 1_000 }
      } catch (error) {
        if (error instanceof errors.JOSEError) return null
        throw error
      }
    },
  }
}
