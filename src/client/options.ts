/** The options of a client: what they are, what they are when left out, and what cannot work. */
import type { BackoffOptions } from '../core/backoff.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { configError } from '../core/errors.ts'
import type { WebSocketLike } from '../core/socket.ts'

/** Why a token is asked for. `unauthorized`: the last one was refused; `renew`: it is about to expire. */
export type TokenReason = 'connect' | 'reconnect' | 'unauthorized' | 'expired' | 'renew'

/** The platform's `AbortSignal` where its types are there, so that `fetch` takes it; what is needed of it elsewhere. */
export type AbortSignalLike = typeof globalThis extends {
  /** The platform's constructor. */
  AbortSignal: {
    /** What it makes. */
    prototype: infer Signal
  }
}
  ? Signal
  : {
      /** The token is not needed any more. */
      readonly aborted: boolean
    }

/** What the token function is told. */
export interface TokenRequest {
  /** Why one is needed. */
  readonly reason: TokenReason
  /** Attempts in a row that came to nothing. */
  readonly attempt: number
  /** Aborts when the token is not needed any more. */
  readonly signal: AbortSignalLike
}

/**
 * Gets a token. What it throws counts as a failed attempt, and it is asked again; a `PresenceError` that is
 * not retryable (`UNAUTHORIZED`: the user has logged out) stops the client.
 */
export type TokenSource = (request: TokenRequest) => string | Promise<string>

/** A constructor like that of browsers and of `ws`. */
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

/** Takes what a client has to say of its doings. `console` fits. */
export interface PresenceLogger {
  /** Of use only in search of a fault. */
  debug(message: string, ...details: unknown[]): void
  /** Something that somebody should look at. */
  warn(message: string, ...details: unknown[]): void
}

/** How a lost connection is sought again. */
export interface ReconnectOptions extends BackoffOptions {
  /** The delay is drawn evenly from nothing to a ceiling that doubles. @defaultValue 'full' */
  readonly jitter: 'full'
  /** A connection that lasted this long was a success: delays start low again. @defaultValue 5000 */
  readonly minUptimeMs: number
}

/** When a session in a browser reports itself `away`. */
export interface ActivityOptions {
  /** The page has been hidden for this long. @defaultValue 60000 */
  readonly hiddenAwayMs: number
  /** There has been no input for this long. @defaultValue 300000 */
  readonly idleAwayMs: number
}

/** The options of `createPresenceClient`. One of `url` and `socket` is required. */
export interface PresenceClientOptions {
  /** `wss://…`, or what gives it for each attempt. */
  readonly url?: string | (() => string | Promise<string>)
  /** Left out where a cookie or the application's own socket authenticates. */
  readonly token?: string | TokenSource
  /** `false`: the first loss or failure closes. */
  readonly reconnect?: Partial<ReconnectOptions> | false
  /** An attempt, from the token to the welcome, may take this long. @defaultValue 10000 */
  readonly connectTimeoutMs?: number
  /** `false`: the session is always `online`. Only browsers have a page to look at. */
  readonly activity?: Partial<ActivityOptions> | false
  /** What is known turns `stale` this long after the connection was lost. @defaultValue 5000 */
  readonly staleAfterMs?: number
  /** What is known turns `unknown` this long after the connection was lost. @defaultValue 60000 */
  readonly unknownAfterMs?: number
  /** Subscriptions made within this time travel in one frame. @defaultValue 25 */
  readonly subscribeBatchMs?: number
  /** A user whom nobody watches any more stays subscribed for this long. @defaultValue 5000 */
  readonly unsubscribeDelayMs?: number
  /** Names the installation (a browser profile, a phone): up to 128 characters. */
  readonly deviceId?: string
  /** Opens the sockets. @defaultValue the platform's, `ws` in Node */
  readonly WebSocket?: WebSocketConstructor
  /** A socket of the application to share. The application reconnects, and calls `client.useSocket(next)`. */
  readonly socket?: WebSocketLike
  /** @defaultValue the system's */
  readonly clock?: Clock
  /** `console` is one. @defaultValue nothing is written */
  readonly logger?: PresenceLogger
}

/** The options with nothing left out. */
export interface Settings
  extends Pick<PresenceClientOptions, 'url' | 'token' | 'deviceId' | 'WebSocket' | 'socket' | 'logger'> {
  /** `null`: never. */
  readonly reconnect: ReconnectOptions | null
  readonly connectTimeoutMs: number
  /** `null`: always `online`. */
  readonly activity: ActivityOptions | null
  readonly staleAfterMs: number
  readonly unknownAfterMs: number
  readonly subscribeBatchMs: number
  readonly unsubscribeDelayMs: number
  readonly clock: Clock
}

const MAX_DURATION_MS = 86_400_000
const MAX_DEVICE_ID_LENGTH = 128

/**
 * Fills in and checks.
 *
 * @throws `PresenceError` `CONFIG` for what cannot work, naming option, range and value
 */
export function resolveOptions(options: PresenceClientOptions): Settings {
  checkAddress(options)
  const staleAfterMs = duration('staleAfterMs', options.staleAfterMs, 5_000)
  return {
    ...options,
    clock: options.clock ?? systemClock,
    reconnect: options.reconnect === false ? null : resolveReconnect(options.reconnect),
    connectTimeoutMs: duration('connectTimeoutMs', options.connectTimeoutMs, 10_000, 1),
    activity: options.activity === false ? null : resolveActivity(options.activity),
    staleAfterMs,
    unknownAfterMs: duration(
      'unknownAfterMs',
      options.unknownAfterMs,
      Math.max(60_000, staleAfterMs),
      staleAfterMs,
    ),
    subscribeBatchMs: duration('subscribeBatchMs', options.subscribeBatchMs, 25),
    unsubscribeDelayMs: duration('unsubscribeDelayMs', options.unsubscribeDelayMs, 5_000),
  }
}

function checkAddress({ url, socket, token, deviceId }: PresenceClientOptions): void {
  const isAddress = typeof url === 'function' || (typeof url === 'string' && /^wss?:\/\//.test(url))
  if (!isAddress && !socket) throw configError('url', 'a ws: or wss: address, or a function', url)
  if (token === '') throw configError('token', 'a token, or a function', token)
  const isName = deviceId === undefined || (deviceId !== '' && deviceId.length <= MAX_DEVICE_ID_LENGTH)
  if (!isName) throw configError('deviceId', `1 to ${MAX_DEVICE_ID_LENGTH} characters`, deviceId)
}

function resolveReconnect(given: Partial<ReconnectOptions> = {}): ReconnectOptions {
  const minDelayMs = duration('reconnect.minDelayMs', given.minDelayMs, 500, 1)
  const most = Math.max(30_000, minDelayMs)
  return {
    jitter: 'full',
    minDelayMs,
    maxDelayMs: duration('reconnect.maxDelayMs', given.maxDelayMs, most, minDelayMs),
    minUptimeMs: duration('reconnect.minUptimeMs', given.minUptimeMs, 5_000),
  }
}

function resolveActivity(given: Partial<ActivityOptions> = {}): ActivityOptions {
  return {
    hiddenAwayMs: duration('activity.hiddenAwayMs', given.hiddenAwayMs, 60_000),
    idleAwayMs: duration('activity.idleAwayMs', given.idleAwayMs, 300_000, 1),
  }
}

function duration(option: string, given: number | undefined, otherwise: number, least = 0): number {
  if (given === undefined) return otherwise
  if (Number.isFinite(given) && given >= least && given <= MAX_DURATION_MS) return given
  throw configError(option, `a number of milliseconds from ${least} to ${MAX_DURATION_MS}`, given)
}
