/** The one connection for commands: what is sent through it is answered in time, or has failed. */
import type { Clock } from '../../core/clock.ts'
import { PresenceError } from '../../core/errors.ts'
import { type Argument, type Connection, openConnection, type RedisClientLike } from './client.ts'
import { type Outcome, settleBy, timedOut } from './settle.ts'

/** A command for Redis. */
export interface Command {
  readonly name: string
  readonly args: readonly Argument[]
  /** What to send where Redis does not know the script. */
  readonly whenUnknown?: Command
}

/** The time that a call of the storage has; monotonic. */
export interface Span {
  readonly startedAt: number
  readonly until: number
}

/** A connection that answers within a bound. */
export interface Link {
  /** The connection itself, for what is not a command. */
  readonly connection: Connection
  /** The time of a call that begins now. */
  begin(): Span
  /** Sends commands together; every one has an outcome at the end of the span at the latest. */
  send(commands: readonly Command[], span: Span): Promise<Outcome[]>
  close(): Promise<void>
}

/** Opens the connection for commands; it connects with the first of them. */
export function openLink(client: RedisClientLike, timeoutMs: number, clock: Clock): Link {
  const connection = openConnection(client, timeoutMs, clock)
  let lastError: unknown
  let ready: Promise<void> | null = null
  let isClosed = false
  // Without a listener ioredis would print it; it is the cause of the calls that fail.
  connection.on('error', (error: unknown) => {
    lastError = error
  })

  const whenReady = (): Promise<void> => {
    if (connection.status === 'ready') return Promise.resolve()
    ready ??= nextReady(connection, () => lastError).finally(() => {
      ready = null
    })
    return ready
  }

  /** Each for itself: a script that one server has forgotten must not wait for the answer of another. */
  const sendOne = async ({ name, args, whenUnknown }: Command, until: number): Promise<unknown> => {
    if (connection.status !== 'ready') await whenReady()
    if (clock.now() >= until) throw timedOut()
    const reply = connection.call(name, args)
    return whenUnknown ? reply.catch((error: unknown) => sendText(error, whenUnknown, until)) : reply
  }
  const sendText = (error: unknown, { name, args }: Command, until: number): Promise<unknown> => {
    if (!isUnknownScript(error) || clock.now() >= until) throw error
    return connection.call(name, args)
  }

  return {
    connection,
    begin() {
      const startedAt = clock.now()
      return { startedAt, until: startedAt + timeoutMs }
    },
    async send(commands, { until }) {
      if (isClosed) throw new PresenceError('CLOSED', 'The storage is closed')
      const replies = commands.map((command) => sendOne(command, until))
      return settleBy(replies, until, clock)
    },
    close() {
      isClosed = true
      return endConnection(connection, timeoutMs, clock)
    },
  }
}

/** Ends a connection, and waits until its sockets are gone. */
export function endConnection(connection: Connection, timeoutMs: number, clock: Clock): Promise<void> {
  if (connection.status === 'end') return Promise.resolve()
  return new Promise((resolve) => {
    const cancel = clock.setTimer(timeoutMs, resolve)
    connection.on('end', () => {
      cancel()
      resolve()
    })
    connection.disconnect()
  })
}

/** Resolves when the connection is there; rejects when the attempt at it has failed. */
function nextReady(connection: Connection, lastError: () => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => (): void => {
      connection.off('ready', onReady)
      connection.off('close', onClose)
      connection.off('end', onClose)
      act()
    }
    const onReady = settle(resolve)
    const onClose = settle(() => {
      reject(new PresenceError('UNAVAILABLE', 'Redis cannot be reached', { cause: lastError() }))
    })
    connection.on('ready', onReady)
    connection.on('close', onClose)
    // Behind Sentinels an attempt can end without ever having had a socket that could close.
    connection.on('end', onClose)
    // Its failure is told by the events, too.
    if (connection.status === 'wait' || connection.status === 'end') connection.connect().catch(() => {})
  })
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
