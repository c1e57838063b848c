/**
 * The sockets of a client: gets address and token, opens, and lets go. One line is in use at a time; what an old
 * one still says is told under its own number.
 */
import { decodeServerFrame, encode } from '../core/codec.ts'
import { PresenceError } from '../core/errors.ts'
import type { ClientMessage } from '../core/messages.ts'
import type { WebSocketLike } from '../core/socket.ts'
import type { ErrorContext } from './api.ts'
import type { ConnectionAction, ConnectionEvent } from './machine/connection-state.ts'
import { createFarewell } from './farewell.ts'
import { type Line, openSocket } from './open-socket.ts'
import type { Settings, TokenRequest } from './options.ts'
import { takeSession } from './session-memory.ts'
import { shareSocket } from './shared-socket.ts'

/** The sockets of a client. */
export interface Transport {
  /** Tells `opened`, or `failed`. */
  readonly attempt: (attempt: Attempt) => void
  readonly send: (message: ClientMessage) => void
  /** Sends a new token on the connection there is. */
  readonly renew: () => void
  /** Lets go of the line and of the token that is being fetched. */
  readonly drop: (goodbye: boolean) => void
  /** Resolves when the last goodbye has been heard, or has had its time. */
  readonly departure: () => Promise<void>
  /** The application's socket for the attempts from now on. */
  readonly share: (socket: WebSocketLike) => void
  /** Waits for no goodbye. */
  readonly destroy: () => void
}

type Attempt = Extract<ConnectionAction, { type: 'attempt' }>

/** What a transport tells. */
export interface TransportEvents {
  readonly tell: (event: ConnectionEvent) => void
  readonly fault: (error: PresenceError, stage: ErrorContext['stage']) => void
}

/** No socket yet. */
export function createTransport(settings: Settings, { tell, fault }: TransportEvents): Transport {
  const { url, token, clock } = settings
  const farewell = createFarewell(clock)
  let shared = settings.socket
  let line: Line | null = null
  let number = 0
  let abort = new AbortController()

  const tokenFor = async (request: TokenRequest): Promise<string | undefined> =>
    typeof token === 'function' ? token(request) : token

  const open = (socket: number, address: string, fresh: string | undefined): Line => {
    const onOpen = (): void => tell({ type: 'opened', socket, token: fresh, previous: takeSession() })
    const onFrame = (frame: string | null): void => hear(socket, frame)
    if (shared) {
      const onGone = (): void => {
        if (socket === number) tell({ type: 'unreachable' })
      }
      return shareSocket(shared, clock, { onOpen, onFrame, onGone })
    }
    const onClose = (code: number, reason: string): void => {
      farewell.heard(socket)
      tell({ type: 'closed', socket, code, reason })
    }
    return openSocket(address, settings.WebSocket, { onOpen, onFrame, onClose })
  }

  const hear = (socket: number, frame: string | null): void => {
    const decoded = frame === null ? null : decodeServerFrame(frame)
    if (!decoded?.ok)
      fault(new PresenceError('BAD_MESSAGE', 'A frame from the server made no sense'), 'frame')
    tell({ type: 'heard', socket, message: decoded?.ok ? decoded.message : null })
  }

  const attempt = async ({ socket, reason, attempt: count }: Attempt): Promise<void> => {
    number = socket
    abort = new AbortController()
    const { signal } = abort
    try {
      const address = shared ? '' : await (typeof url === 'function' ? url() : url)
      const fresh = await tokenFor({ reason, attempt: count, signal })
      if (!signal.aborted) line = open(socket, address ?? '', fresh)
    } catch (cause) {
      if (!signal.aborted) failed(socket, passingError(cause))
    }
  }
  const failed = (socket: number, error: PresenceError): void => {
    // One that stops the client is told when it has.
    if (error.retryable) fault(error, 'token')
    tell({ type: 'failed', socket, error })
  }
  const renew = async (): Promise<void> => {
    if (typeof token !== 'function') return
    const { signal } = abort
    try {
      const fresh = await tokenFor({ reason: 'renew', attempt: 0, signal })
      if (!signal.aborted && fresh) line?.send(encode({ type: 'token', token: fresh }))
    } catch (cause) {
      if (!signal.aborted) fault(passingError(cause), 'token')
    }
  }

  return {
    attempt: (action) => void attempt(action),
    renew: () => void renew(),
    send(message) {
      line?.send(encode(message))
    },
    drop(goodbye) {
      abort.abort()
      if (!goodbye) line?.cut()
      else if (line) farewell.say(line, number, shared === undefined)
      line = null
    },
    departure: () => farewell.done,
    share(socket) {
      shared = socket
    },
    destroy: farewell.end,
  }
}

/** What the application threw: as it is where it is one of ours, so that it can say whether to try again. */
function passingError(cause: unknown): PresenceError {
  return cause instanceof PresenceError
    ? cause
    : new PresenceError('UNAVAILABLE', 'No address or token could be had', { cause })
}
