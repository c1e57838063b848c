/** How a connection ends: lost, refused, suspended or by our own wish; and whether another attempt follows. */
import { PresenceError } from '../../core/errors.ts'
import { change, type Connection, type ConnectionTurn } from './connection-state.ts'
import { type Ending, endingOf, retryAfter } from './reconnect.ts'

/** The socket is closed, or the server means it to be. */
export function loseSocket(connection: Connection, code: number, reason: string, turn: ConnectionTurn): void {
  const ending = endingOf(code, reason)
  const error = new PresenceError(
    ending.code ?? 'UNAVAILABLE',
    `The connection was closed: ${code} ${reason}`,
  )
  lose(connection, ending, error, turn)
}

/** An attempt or a connection failed here: passing, unless the error says that it will never succeed. */
export function fail(connection: Connection, error: PresenceError, turn: ConnectionTurn): void {
  const { code, retryable, retryAfterMs = null } = error
  lose(connection, { code, reaction: retryable ? 'reconnect' : 'stop', retryAfterMs }, error, turn)
}

/** Trying is useless until we are told otherwise. */
export function suspend(connection: Connection, turn: ConnectionTurn): void {
  if (connection.state === 'suspended') return
  drop(connection, false, turn)
  change(connection, 'suspended', turn)
}

/** Ends it by our own wish. */
export function disconnect(connection: Connection, turn: ConnectionTurn): void {
  if (connection.state === 'closed') return
  drop(connection, true, turn)
  // The goodbye has ended that session; there is nothing to continue.
  connection.previous = undefined
  end(connection, new PresenceError('CLOSED', 'The client was disconnected'), false, turn)
}

function lose(connection: Connection, ending: Ending, error: PresenceError, turn: ConnectionTurn): void {
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

function end(connection: Connection, error: PresenceError, refused: boolean, turn: ConnectionTurn): void {
  forgetFailures(connection)
  connection.tokenReason = 'connect'
  change(connection, 'closed', turn, refused ? error.code : null)
  turn.out.push({ type: 'ended', error, refused })
}

function forgetFailures(connection: Connection): void {
  connection.attempt = 0
  connection.tokenRefused = false
}

/** From here on, whatever the socket still says is late. */
function drop(connection: Connection, goodbye: boolean, { out }: ConnectionTurn): void {
  connection.socket++
  connection.trying = false
  connection.wakeAt = Infinity
  out.push({ type: 'drop', goodbye })
}
