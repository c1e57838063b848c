/** A socket that is ours alone: every frame on it speaks presence. */
import { CLOSE } from '../../core/errors.ts'
import type { WebSocketLike } from '../../core/socket.ts'
import type { Host, Transport } from '../host.ts'
import type { Identity } from '../machine.ts'

/** The part of a socket of `ws` that spares an event object for each frame. */
interface NodeSocket extends WebSocketLike {
  on(type: 'message', listener: (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => void): unknown
  on(type: 'close', listener: (code: number) => void): unknown
  on(type: 'error', listener: (error: Error) => void): unknown
}

/**
 * Puts a socket under the node's care.
 *
 * @param send - another way to send a text frame than the socket's own
 */
export function attachPlain<Request>(
  host: Host<Request>,
  socket: WebSocketLike,
  request: Request | undefined,
  identity: Identity | null,
  send = (frame: string): void => {
    socket.send(frame)
  },
): void {
  const inlet = host.accept(plainTransport(socket, send), { request, identity })
  const take = (data: unknown, isBinary: boolean): void => {
    if (isBinary) inlet.breach(CLOSE.BINARY)
    else inlet.frame(String(data))
  }
  if (isNodeSocket(socket)) {
    socket.on('message', take)
    socket.on('close', inlet.closed)
    // What is wrong with a socket is followed by its close, which is all that counts.
    socket.on('error', () => {})
  } else {
    socket.addEventListener('message', ({ data }: { data: unknown }) => {
      take(data, typeof data !== 'string')
    })
    socket.addEventListener('close', ({ code }: { code: number }) => {
      inlet.closed(code)
    })
    socket.addEventListener('error', () => {})
  }
}

function plainTransport(socket: WebSocketLike, send: (frame: string) => void): Transport {
  return {
    send,
    close: (code, reason) => {
      socket.close(code, reason)
    },
    terminate: (code) => {
      if (socket.terminate) socket.terminate()
      else socket.close(code)
    },
    backlog: () => socket.bufferedAmount,
  }
}

function isNodeSocket(socket: WebSocketLike): socket is NodeSocket {
  return typeof (socket as Partial<NodeSocket>).on === 'function'
}
