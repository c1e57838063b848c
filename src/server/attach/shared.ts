/**
 * On the application's own sockets: text frames in our envelope are ours, both ways; every other frame passes byte for
 * byte. A session begins with the first frame in the envelope, so a socket that never speaks presence costs nothing.
 * The socket is never closed from here: a frame says what a close would say.
 */
import { encode } from '../../core/codec.ts'
import { CLOSE } from '../../core/errors.ts'
import { type WebSocketLike, isWrapped, unwrap, wrap } from '../../core/socket.ts'
import type { Host } from '../host.ts'
import type { Inlet, Transport } from '../inlet.ts'
import type { UpgradeRequest } from './request.ts'
import type { WebSocketServerLike } from './sub-protocol.ts'

/** The part of a socket of `ws` that is needed: the one place through which each of its events goes. */
export interface EmittingSocket extends WebSocketLike {
  emit: (type: string, ...details: unknown[]) => boolean
}

/** `readyState` of a socket that takes frames. */
const OPEN = 1

/** How presence rides on the application's own sockets. */
export interface SharedOptions {
  /** Presence rides on the application's sockets. */
  readonly mode: 'shared'
  /**
   * Names the user of one of the application's sockets; `null`: a token in the hello must. (A method, so that yours
   * may take the sockets of `ws` and Node's requests.)
   */
  userOf(socket: WebSocketLike, request: UpgradeRequest): string | null
}

export function attachShared(
  host: Host<UpgradeRequest>,
  server: WebSocketServerLike,
  options: Pick<SharedOptions, 'userOf'>,
  onError: (error: unknown) => void,
): () => void {
  const attached = new Map<EmittingSocket, () => void>()
  const onConnection = (socket: EmittingSocket, request: UpgradeRequest): void => {
    const release = shareSocket(host, socket, request, () => {
      try {
        return options.userOf(socket, request)
      } catch (error) {
        onError(error)
        return null
      }
    })
    attached.set(socket, release)
    socket.addEventListener('close', () => attached.delete(socket))
  }
  server.on('connection', onConnection as never)
  return () => {
    server.off('connection', onConnection as never)
    for (const release of attached.values()) release()
    attached.clear()
  }
}

function shareSocket(
  host: Host<UpgradeRequest>,
  socket: EmittingSocket,
  request: UpgradeRequest,
  userOf: () => string | null,
): () => void {
  let inlet: Inlet | null = null
  const open = (): Inlet | null => {
    const session = { ended: false }
    const end = (code: number, reason: string): void => {
      session.ended = true
      if (socket.readyState === OPEN) socket.send(wrap(encode({ type: 'close', code, reason })))
      inlet?.closed(code)
      inlet = null
    }
    const userId = userOf()
    const identity = userId === null ? null : { userId }
    const opened = host.accept(sharedTransport(socket, end), { request, identity })
    if (!session.ended) return opened
    // Refused before anything was said; there was nobody yet to be told of the end.
    opened.closed(CLOSE.NORMAL)
    return null
  }

  const emit = (type: string, ...details: unknown[]): boolean => {
    const ours = type === 'message' ? ourFrame(details) : null
    if (ours !== null) {
      inlet ??= open()
      inlet?.frame(ours)
      return true
    }
    if (type === 'close') inlet?.closed(Number(details[0]))
    return original.call(socket, type, ...details)
  }
  const original = socket.emit
  socket.emit = emit
  return () => {
    inlet?.closed(CLOSE.GOING_AWAY)
    inlet = null
    if (socket.emit === emit) socket.emit = original
  }
}

function sharedTransport(socket: EmittingSocket, end: (code: number, reason: string) => void): Transport {
  return {
    send: (frames) => {
      for (const frame of frames) socket.send(wrap(frame))
    },
    close: end,
    terminate: (code) => {
      end(code, '')
    },
    backlog: () => socket.bufferedAmount,
  }
}

/** The frame inside, where a message is in our envelope. */
function ourFrame([data, isBinary]: readonly unknown[]): string | null {
  if (isBinary === true || !(data instanceof Uint8Array)) return null
  // Most messages are the application's: two bytes tell most of them from ours without making a string.
  if (data[0] !== 0x7b /* { */ || data[2] !== 0x70 /* p */) return null
  const text = String(data)
  return isWrapped(text) ? unwrap(text) : null
}
