/**
 * The connection: when to try, what to say first, when it is dead, and what then. It owns no socket and no timer;
 * what it wants done it says in actions.
 *
 * state        | connect | opened | welcome     | lost, failed, due           | unreachable | reachable | disconnect
 * -------------|---------|--------|-------------|-----------------------------|-------------|-----------|-----------
 * idle, closed | attempt | –      | –           | –                           | –           | –         | → closed
 * connecting   | –       | hello  | → connected | → reconnecting or closed    | → suspended | –         | → closed
 * connected    | –       | –      | –           | → reconnecting or closed    | → suspended | –         | → closed
 * reconnecting | –       | hello  | → connected | → reconnecting or closed,   | → suspended | attempt,  | → closed
 *              |         |        |             | or the next attempt         |             | if it may |
 * suspended    | attempt | –      | –           | –                           | –           | attempt   | → closed
 *
 * Each attempt has its own socket number. Whatever a socket of another number says is late and changes nothing.
 */
import { type PresenceErrorCode, PresenceError } from '../core/errors.ts'
import {
  type ClientHeartbeat,
  clientHeartbeatDueAt,
  createClientHeartbeat,
  noteLife,
  stepClientHeartbeat,
} from '../core/heartbeat.ts'
import type { ClientMessage, ServerMessage, Welcome } from '../core/messages.ts'
import { PROTOCOL_VERSION } from '../core/socket.ts'
import type { ConnectionChange, ConnectionState } from './api.ts'
import type { ReconnectOptions, Settings, TokenReason } from './options.ts'
import { type Ending, endingOf, retryAfter } from './reconnect.ts'
import type { Sink } from './sink.ts'

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
  mayHurry: boolean
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
  | { readonly type: 'welcomed'; readonly now: number }
  /** A message that is not about the connection itself. */
  | { readonly type: 'message'; readonly message: PresenceMessage }
  | { readonly type: 'renew'; readonly socket: number }
  /** Let go of the socket, with a goodbye or without. */
  | { readonly type: 'drop'; readonly goodbye: boolean }
  | { readonly type: 'connection'; readonly change: ConnectionChange }
  /** There will be no other attempt. `refused`: not by our own wish. */
  | { readonly type: 'ended'; readonly error: PresenceError; readonly refused: boolean }

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

/** When the connection wants a `due`. */
export function connectionDueAt({ state, heartbeat, timeoutMs, wakeAt }: Connection): number {
  return state === 'connected' ? clientHeartbeatDueAt(heartbeat, timeoutMs) : wakeAt
}

/** One step: when it happens, its share of chance, and where its actions go. */
interface Turn {
  readonly now: number
  readonly random: number
  readonly out: Sink<ConnectionAction>
}

/**
 * Takes an event.
 *
 * @param random - uniform in [0, 1)
 */
export function stepConnection(
  connection: Connection,
  event: ConnectionEvent,
  now: number,
  random: number,
  out: Sink<ConnectionAction>,
): void {
  if ('socket' in event && event.socket !== connection.socket) return
  const turn = { now, random, out }
  switch (event.type) {
    case 'connect':
      if (!isWanted(connection) || connection.state === 'suspended') begin(connection, turn)
      return
    case 'disconnect':
      return disconnect(connection, turn)
    case 'opened':
      return greet(connection, event.token, event.previous ?? connection.previous, turn)
    case 'heard':
      return hear(connection, event.message, turn)
    case 'failed':
      return lose(connection, endingOfError(event.error), event.error, turn)
    case 'closed':
      return loseSocket(connection, event.code, event.reason, turn)
    case 'reachable':
      if (canHurry(connection)) begin(connection, turn)
      return
    case 'unreachable':
      if (isWanted(connection)) suspend(connection, turn)
      return
    case 'due':
      if (now >= connectionDueAt(connection)) wake(connection, turn)
  }
}

function isWanted({ state }: Connection): boolean {
  return state !== 'idle' && state !== 'closed'
}

function canHurry({ state, trying, mayHurry }: Connection): boolean {
  return state === 'suspended' || (state === 'reconnecting' && !trying && mayHurry)
}

function begin(connection: Connection, turn: Turn): void {
  const { state, socket, tokenReason: reason, attempt } = connection
  connection.trying = true
  connection.wakeAt = turn.now + connection.connectTimeoutMs
  if (state !== 'reconnecting')
    change(connection, state === 'suspended' ? 'reconnecting' : 'connecting', turn)
  turn.out.push({ type: 'attempt', socket, reason, attempt })
}

function greet(
  { deviceId: device }: Connection,
  token: string | undefined,
  previous: string | undefined,
  { out }: Turn,
): void {
  const hello = { ...(token && { token }), ...(device && { device }), ...(previous && { previous }) }
  out.push(
    { type: 'send', message: { type: 'hello', version: PROTOCOL_VERSION, ...hello } },
    { type: 'ready' },
  )
}

function hear(connection: Connection, message: ServerMessage | null, turn: Turn): void {
  noteLife(connection.heartbeat, turn.now)
  switch (message?.type) {
    case 'welcome':
      return welcome(connection, message, turn)
    case 'heartbeat':
      turn.out.push({ type: 'send', message: { type: 'heartbeat' } }, { type: 'message', message })
      return
    case 'renew':
      turn.out.push({ type: 'renew', socket: connection.socket })
      return
    case 'close':
      return loseSocket(connection, message.code, message.reason, turn)
    default:
      if (message) turn.out.push({ type: 'message', message })
  }
}

function welcome(connection: Connection, message: Welcome, turn: Turn): void {
  if (!connection.trying) return
  connection.trying = false
  connection.connectedAt = turn.now
  connection.heartbeat = createClientHeartbeat(turn.now)
  connection.timeoutMs = message.timeoutMs
  connection.previous = message.session
  connection.tokenReason = 'reconnect'
  turn.out.push({ type: 'welcomed', now: message.now })
  change(connection, 'connected', turn)
}

function wake(connection: Connection, turn: Turn): void {
  const { state, trying, heartbeat, timeoutMs } = connection
  const isConnected = state === 'connected'
  if (isConnected && stepClientHeartbeat(heartbeat, turn.now, timeoutMs) === 'wait') return
  if (!isConnected && !trying) return begin(connection, turn)
  const error = new PresenceError('TIMEOUT', 'The server did not answer in time')
  lose(connection, endingOfError(error), error, turn)
}

function loseSocket(connection: Connection, code: number, reason: string, turn: Turn): void {
  const ending = endingOf(code, reason)
  const error = new PresenceError(
    ending.code ?? 'UNAVAILABLE',
    `The connection was closed: ${code} ${reason}`,
  )
  lose(connection, ending, error, turn)
}

function lose(connection: Connection, ending: Ending, error: PresenceError, turn: Turn): void {
  const { reconnect, renewable } = connection
  if (hasLasted(connection, turn.now)) forgetFailures(connection)
  const retry = retryAfter(ending, connection, reconnect, renewable, turn.random)
  drop(connection, false, turn)
  if (!retry) return end(connection, error, true, turn)
  connection.attempt++
  connection.tokenRefused ||= ending.code === 'UNAUTHORIZED'
  connection.tokenReason = retry.tokenReason
  connection.mayHurry = retry.mayHurry
  connection.wakeAt = turn.now + retry.delayMs
  change(connection, 'reconnecting', turn, ending.code, retry.delayMs)
}

function hasLasted({ state, reconnect, connectedAt }: Connection, now: number): boolean {
  return state === 'connected' && now - connectedAt >= (reconnect?.minUptimeMs ?? 0)
}

function suspend(connection: Connection, turn: Turn): void {
  if (connection.state === 'suspended') return
  drop(connection, false, turn)
  change(connection, 'suspended', turn)
}

function disconnect(connection: Connection, turn: Turn): void {
  if (connection.state === 'closed') return
  drop(connection, true, turn)
  // The goodbye has ended that session; there is nothing to continue.
  connection.previous = undefined
  end(connection, new PresenceError('CLOSED', 'The client was disconnected'), false, turn)
}

function end(connection: Connection, error: PresenceError, refused: boolean, turn: Turn): void {
  forgetFailures(connection)
  connection.tokenReason = 'connect'
  change(connection, 'closed', turn, refused ? error.code : null)
  turn.out.push({ type: 'ended', error, refused })
}

function forgetFailures(connection: Connection): void {
  connection.attempt = 0
  connection.tokenRefused = false
}

function drop(connection: Connection, goodbye: boolean, { out }: Turn): void {
  connection.socket++
  connection.trying = false
  connection.wakeAt = Infinity
  out.push({ type: 'drop', goodbye })
}

function change(
  connection: Connection,
  current: ConnectionState,
  { out }: Turn,
  reason: PresenceErrorCode | null = null,
  retryInMs?: number,
): void {
  const { state: previous, attempt } = connection
  connection.state = current
  const why = { ...(reason && { reason }), ...(retryInMs !== undefined && { retryInMs }) }
  out.push({ type: 'connection', change: { current, previous, ...why, attempt } })
}

/** An attempt that failed here: passing, unless its error says that it will never succeed. */
function endingOfError({ code, retryable, retryAfterMs }: PresenceError): Ending {
  return { code, reaction: retryable ? 'reconnect' : 'stop', retryAfterMs: retryAfterMs ?? null }
}
