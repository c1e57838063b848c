/**
 * The connection: when to try, what to say first, when it is dead, and what then. It owns no socket and no timer;
 * what it wants done it says in actions.
 *
 * state        | connect | opened | welcome     | lost, failed, due           | unreachable | reachable | disconnect
 * -------------|---------|--------|-------------|-----------------------------|-------------|-----------|-----------
 * idle, closed | attempt | –      | –           | –                           | –           | –         | → closed
 * connecting   | –       | hello  | → connected | → reconnecting or closed    | → suspended | –         | → closed
 * connected    | –       | –      | –           | → reconnecting or closed    | → suspended | –         | → closed
 * reconnecting | attempt | hello  | → connected | → reconnecting or closed,   | → suspended | attempt   | → closed
 *              | if it may        |             | or the next attempt         |             | if it may |
 * suspended    | attempt | –      | –           | –                           | –           | attempt   | → closed
 *
 * If it may: where it is waiting, and the server has not asked for that wait.
 * Each attempt has its own socket number. Whatever a socket of another number says is late and changes nothing.
 */
import { PresenceError } from '../../core/errors.ts'
import {
  clientHeartbeatDueAt,
  createClientHeartbeat,
  noteLife,
  stepClientHeartbeat,
} from '../../core/heartbeat.ts'
import type { ServerMessage, Welcome } from '../../core/messages.ts'
import { PROTOCOL_VERSION } from '../../core/socket.ts'
import { change, type Connection, type ConnectionEvent, type ConnectionTurn } from './connection-state.ts'
import { disconnect, fail, loseSocket, suspend } from './ending.ts'

/** When the connection wants a `due`. */
export function connectionDueAt({ state, heartbeat, timeoutMs, wakeAt }: Connection): number {
  return state === 'connected' ? clientHeartbeatDueAt(heartbeat, timeoutMs) : wakeAt
}

/** Whether somebody has asked for it, and nothing has ended it. */
export function isWanted({ state }: Connection): boolean {
  return state !== 'idle' && state !== 'closed'
}

/** Takes an event. */
export function stepConnection(connection: Connection, event: ConnectionEvent, turn: ConnectionTurn): void {
  if ('socket' in event && event.socket !== connection.socket) return
  switch (event.type) {
    case 'connect':
      if (!isWanted(connection) || mayHurry(connection)) begin(connection, turn)
      return
    case 'disconnect':
      return disconnect(connection, turn)
    case 'opened':
      return greet(connection, event.token, event.previous ?? connection.previous, turn)
    case 'heard':
      return hear(connection, event.message, turn)
    case 'failed':
      return fail(connection, event.error, turn)
    case 'closed':
      return loseSocket(connection, event.code, event.reason, turn)
    case 'reachable':
      if (mayHurry(connection)) begin(connection, turn)
      return
    case 'unreachable':
      if (isWanted(connection)) suspend(connection, turn)
      return
    case 'due':
      if (turn.now >= connectionDueAt(connection)) wake(connection, turn)
  }
}

function mayHurry({ state, trying, mayHurry }: Connection): boolean {
  return state === 'suspended' || (state === 'reconnecting' && !trying && mayHurry)
}

function begin(connection: Connection, turn: ConnectionTurn): void {
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
  { out }: ConnectionTurn,
): void {
  const who = { ...(token && { token }), ...(device && { device }), ...(previous && { previous }) }
  out.push({ type: 'send', message: { type: 'hello', version: PROTOCOL_VERSION, ...who } }, { type: 'ready' })
}

function hear(connection: Connection, message: ServerMessage | null, turn: ConnectionTurn): void {
  noteLife(connection.heartbeat, turn.now)
  switch (message?.type) {
    case 'welcome':
      return welcome(connection, message, turn)
    case 'heartbeat':
      turn.out.push({ type: 'send', message: { type: 'heartbeat' } }, { type: 'message', message })
      return
    case 'renew':
      turn.out.push({ type: 'renew' })
      return
    case 'close':
      return loseSocket(connection, message.code, message.reason, turn)
    default:
      if (message) turn.out.push({ type: 'message', message })
  }
}

function welcome(connection: Connection, { session, now, timeoutMs }: Welcome, turn: ConnectionTurn): void {
  if (!connection.trying) return
  connection.trying = false
  connection.connectedAt = turn.now
  connection.heartbeat = createClientHeartbeat(turn.now)
  connection.timeoutMs = timeoutMs
  connection.previous = session
  connection.tokenReason = 'reconnect'
  turn.out.push({ type: 'welcomed', now })
  change(connection, 'connected', turn)
}

/** The heartbeat may be overdue, the attempt have had its time, or the next attempt its turn. */
function wake(connection: Connection, turn: ConnectionTurn): void {
  const { state, trying, heartbeat, timeoutMs } = connection
  const isConnected = state === 'connected'
  if (isConnected && stepClientHeartbeat(heartbeat, turn.now, timeoutMs) === 'wait') return
  if (isConnected || trying) fail(connection, new PresenceError('TIMEOUT', 'The server did not answer'), turn)
  else begin(connection, turn)
}
