/** What a connection is, what happens to it, and what it wants done. The rules are in connection.ts and ending.ts. */
import type { PresenceError, PresenceErrorCode } from '../../core/errors.ts'
import { type ClientHeartbeat, createClientHeartbeat } from '../../core/heartbeat.ts'
import type { ClientMessage, ServerMessage } from '../../core/messages.ts'
import type { ConnectionChange, ConnectionState } from '../api.ts'
import type { ReconnectOptions, Settings, TokenReason } from '../options.ts'
import type { Turn } from './turn.ts'

/** The state of the connection. Changed in place. */
export interface Connection {
  readonly reconnect: ReconnectOptions | null
  readonly connectTimeoutMs: number
  readonly deviceId: string | undefined
  /** Whether another token can be had than the last one. */
  readonly renewable: boolean
  state: ConnectionState
  /** The number of the attempt, and of its socket. */
  socket: number
  /** An attempt is under way. */
  trying: boolean
  /** The end of the attempt, or of the wait for the next one. */
  wakeAt: number
  /** That wait may be cut short. */
  mayHurry: boolean
  /** Attempts in a row that came to nothing or did not last. */
  attempt: number
  tokenRefused: boolean
  tokenReason: TokenReason
  connectedAt: number
  heartbeat: ClientHeartbeat
  /** The server is dead after this long without a word. */
  timeoutMs: number
  /** The session before, which the next one continues. */
  previous: string | undefined
}

/** What happens to a connection. */
export type ConnectionEvent =
  | { readonly type: 'connect' | 'disconnect' | 'reachable' | 'unreachable' | 'due' }
  | {
      readonly type: 'opened'
      readonly socket: number
      readonly token: string | undefined
      /** Of this tab before it was loaded anew. */
      readonly previous: string | undefined
    }
  | { readonly type: 'heard'; readonly socket: number; readonly message: ServerMessage | null }
  | { readonly type: 'failed'; readonly socket: number; readonly error: PresenceError }
  | { readonly type: 'closed'; readonly socket: number; readonly code: number; readonly reason: string }

/** What a server says of presence, and not of the connection. */
export type PresenceMessage = Exclude<ServerMessage, { type: 'welcome' | 'renew' | 'close' }>

/** What a connection wants done. */
export type ConnectionAction =
  | {
      readonly type: 'attempt'
      readonly socket: number
      readonly reason: TokenReason
      readonly attempt: number
    }
  | { readonly type: 'send'; readonly message: ClientMessage }
  /** Hello is out: the rest may follow. */
  | { readonly type: 'ready' }
  /** `now`: server time. */
  | { readonly type: 'welcomed'; readonly now: number }
  | { readonly type: 'message'; readonly message: PresenceMessage }
  /** Send a new token. */
  | { readonly type: 'renew' }
  /** Let go of the socket, with a goodbye or without. */
  | { readonly type: 'drop'; readonly goodbye: boolean }
  | { readonly type: 'connection'; readonly change: ConnectionChange }
  /** There will be no other attempt. `refused`: not by our own wish. */
  | { readonly type: 'ended'; readonly error: PresenceError; readonly refused: boolean }

/** A step of the connection. */
export type ConnectionTurn = Turn<ConnectionAction>

/** A connection that nobody has asked for. */
export function createConnection({ reconnect, connectTimeoutMs, deviceId, token }: Settings): Connection {
  return {
    reconnect,
    connectTimeoutMs,
    deviceId,
    renewable: typeof token !== 'string',
    state: 'idle',
    socket: 0,
    trying: false,
    wakeAt: Infinity,
    mayHurry: true,
    attempt: 0,
    tokenRefused: false,
    tokenReason: 'connect',
    connectedAt: -Infinity,
    heartbeat: createClientHeartbeat(0),
    timeoutMs: Infinity,
    previous: undefined,
  }
}

/** Is in another state from now on, or in the same one anew. */
export function change(
  connection: Connection,
  current: ConnectionState,
  { out }: ConnectionTurn,
  reason: PresenceErrorCode | null = null,
  retryInMs?: number,
): void {
  const { state: previous, attempt } = connection
  const why = { ...(reason && { reason }), ...(retryInMs !== undefined && { retryInMs }) }
  connection.state = current
  out.push({ type: 'connection', change: Object.freeze({ current, previous, ...why, attempt }) })
}
