/** What follows the end of a connection: whether to come back, when, and with which token. */
import { backoffDelay, retryAfterDelay } from '../../core/backoff.ts'
import { closeMeaning, type PresenceErrorCode, type Reaction } from '../../core/errors.ts'
import type { ReconnectOptions, TokenReason } from '../options.ts'

/** How a connection, or an attempt at one, ended. */
export interface Ending {
  /** `null`: merely lost. */
  readonly code: PresenceErrorCode | null
  readonly reaction: Reaction
  /** When the server wants to see us again; `null`: it named no time. */
  readonly retryAfterMs: number | null
}

/** What there has been of failures until now. */
export interface Failures {
  /** Attempts in a row that came to nothing or did not last. */
  readonly attempt: number
  /** The last token was refused, and this one was new. */
  readonly tokenRefused: boolean
}

/** When to try again, and what to tell the token function. */
export interface Retry {
  readonly delayMs: number
  readonly tokenReason: TokenReason
  /** Whether news from the browser (online again, visible again) may cut the delay short. */
  readonly mayHurry: boolean
}

/** How a close code ends a connection; the reason of a restart or overload ends in the time to come back. */
export function endingOf(closeCode: number, reason: string): Ending {
  const named = /^(?:RESTART|OVERLOAD) (\d{1,8})$/.exec(reason)?.[1]
  return { ...closeMeaning(closeCode), retryAfterMs: named === undefined ? null : Number(named) }
}

/**
 * Whether and when to come back.
 *
 * @param renewable - whether another token can be had; a fixed string cannot change
 * @returns `null`: not at all
 */
export function retryAfter(
  ending: Ending,
  { attempt, tokenRefused }: Failures,
  options: ReconnectOptions | null,
  renewable: boolean,
  random: number,
): Retry | null {
  const { code, reaction, retryAfterMs } = ending
  if (!options || reaction === 'stop') return null
  const slowly = reaction === 'slowly'
  const patience = backoffDelay(options, attempt, random, slowly)
  if (reaction === 'token') {
    if (!renewable || (code === 'UNAUTHORIZED' && tokenRefused)) return null
    const tokenReason = code === 'UNAUTHORIZED' ? 'unauthorized' : 'expired'
    // At once, but not in a circle: a server that finds every new token expired is met with patience.
    return { delayMs: attempt === 0 ? 0 : patience, tokenReason, mayHurry: true }
  }
  // Likewise one that names a time at which it sends us away again.
  const delayMs = retryAfterMs === null ? patience : Math.max(retryAfterDelay(retryAfterMs, random), patience)
  return { delayMs, tokenReason: 'reconnect', mayHurry: !slowly && retryAfterMs === null }
}
