/** A socket of our own. The only file that knows which library opens it. */
import isomorphicWebSocket from 'isomorphic-ws'
import { PresenceError } from '../core/errors.ts'
import { SUBPROTOCOL, type WebSocketLike } from '../core/socket.ts'
import type { WebSocketConstructor } from './options.ts'

/** What a connection needs of a socket. */
export interface Line {
  /** Whether it went: before a socket is open, and after, nothing does. */
  readonly send: (frame: string) => boolean
  /** Says what is still to be said, and closes. */
  readonly close: () => void
  /** Lets go at once: for a socket that is not trusted to answer. */
  readonly cut: () => void
}

/** What a socket tells. Nothing is told before the call that made it has returned. */
export interface LineEvents {
  readonly onOpen: () => void
  /** `null`: it was not text. */
  readonly onFrame: (frame: string | null) => void
  readonly onClose: (code: number, reason: string) => void
}

/** A socket's `readyState` while it takes frames. */
export const OPEN = 1

// Bundlers hand a CommonJS build the module's namespace; where there is no WebSocket at all it is `null`.
const found = isomorphicWebSocket as unknown as
  | { default?: WebSocketConstructor }
  | WebSocketConstructor
  | null
const platformWebSocket = found && 'default' in found ? found.default : (found as WebSocketConstructor | null)

/**
 * Opens a socket.
 *
 * @throws {@link PresenceError} `CONFIG` where there is nothing to open one with
 */
export function openSocket(
  url: string,
  WebSocket: WebSocketConstructor | null | undefined = platformWebSocket,
  events: LineEvents,
): Line {
  if (!WebSocket) throw new PresenceError('CONFIG', 'WebSocket: there is none on this platform; give one')
  const socket = new WebSocket(url, [SUBPROTOCOL])
  listen(socket, events)
  return {
    send(frame) {
      const isOpen = socket.readyState === OPEN
      if (isOpen) socket.send(frame)
      return isOpen
    },
    close: () => socket.close(),
    cut: () => (socket.terminate ? socket.terminate() : socket.close()),
  }
}

/** The listeners stay until the socket is gone: `ws` throws an error that nobody listens to. */
function listen(socket: WebSocketLike, { onOpen, onFrame, onClose }: LineEvents): void {
  socket.addEventListener('open', onOpen)
  socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
    onFrame(typeof data === 'string' ? data : null)
  })
  socket.addEventListener('close', ({ code, reason }: { readonly code: number; readonly reason: string }) => {
    onClose(code, reason)
  })
  socket.addEventListener('error', () => undefined)
}
