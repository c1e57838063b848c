/**
 * The five members of a WebSocket that both halves need. Browsers' sockets and those of `ws` have them;
 * any other library fits in by filling them in.
 */
export interface WebSocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** Bytes that were given to `send` and have not left yet. */
  readonly bufferedAmount: number
  /** Sends a text frame. */
  send(data: string): void
  /** Closes with a handshake. */
  close(code?: number, reason?: string): void
  /** Listens, with the DOM's events: `data` of a message, `code` of a close. */
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: never) => void): void
  /** Needed only where a socket outlives our interest in it (shared sockets). */
  removeEventListener?(type: 'open' | 'message' | 'close' | 'error', listener: (event: never) => void): void
  /** Cuts without a closing handshake, where the library can. */
  terminate?(): void
}

/** The sub-protocol that a client offers, by which a server knows our connections from the application's. */
export const SUBPROTOCOL = 'presencekit.v1'

/** The version of the protocol; see docs/protocol.md. */
export const PROTOCOL_VERSION = 1

const ENVELOPE = '{"presencekit":'

/** Wraps a frame for a socket that the application uses too. */
export function wrap(frame: string): string {
  return `${ENVELOPE}${frame}}`
}

/** Whether a text frame on a shared socket is ours. */
export function isWrapped(frame: string): boolean {
  return frame.startsWith(ENVELOPE)
}

/** The frame inside the envelope; an empty one, which is no message, where the envelope is not closed. */
export function unwrap(frame: string): string {
  return frame.endsWith('}') ? frame.slice(ENVELOPE.length, -1) : ''
}
