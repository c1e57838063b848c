/**
 * Asks the application who somebody is. An answer has as long as a hello has; one that never comes keeps nothing of ours,
 * neither the token nor the request with its socket.
 */
import { type Awaitable, isPromise } from '../core/awaitable.ts'
import type { Clock } from '../core/clock.ts'
import { PresenceError } from '../core/errors.ts'
import { inTime } from '../core/in-time.ts'
import type { Limits } from '../core/limits.ts'
import { checkVerdict } from './checks.ts'
import type { Verdict } from './machine.ts'

/** Who somebody is, by the request that they came with and their token. */
export type Authenticate<Request> = (attempt: {
  readonly request: Request | undefined
  readonly token: string | undefined
}) => Awaitable<Verdict>

export function createAuthenticator<Request>(
  authenticate: Authenticate<Request>,
  { helloMs, idBytes }: Pick<Limits, 'helloMs' | 'idBytes'>,
  clock: Clock,
): (request: Request | undefined, token: string | undefined) => Promise<Verdict> {
  const check = (verdict: Verdict): Verdict => checkVerdict(verdict, idBytes)
  const late = (): Error => new PresenceError('TIMEOUT', `authenticate did not answer within ${helloMs} ms`)
  const limited = (answer: Awaitable<Verdict>): Awaitable<Verdict> =>
    isPromise(answer) ? inTime(answer.then(check), helloMs, clock, late) : check(answer)
  // No function may be made in here: it would hold the request for as long as somebody holds the function.
  return async (request, token) => limited(authenticate({ request, token }))
}
