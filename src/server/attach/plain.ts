/**
 * A socket that is ours alone: every frame on it speaks presence. What is needed of each is one object with its methods, and
 * listeners that all of them share: closures of their own would weigh as much as the rest of an idle connection.
 */
import { CLOSE } from '../../core/errors.ts'
import type { WebSocketLike } from '../../core/socket.ts'
import type { Host } from '../host.ts'
import type { Inlet, Transport } from '../inlet.ts'
import type { Identity } from '../machine.ts'
import type { UpgradeSocket } from './request.ts'
import { sendTexts } from './text-frames.ts'

const INLET = Symbol('presencekit inlet')

/** The part of a socket of `ws` that spares an event object for each frame. */
interface NodeSocket extends WebSocketLike {
  [INLET]?: Inlet
  on(type: 'message', listener: (this: NodeSocket, data: unknown, isBinary: boolean) => void): unknown
  on(type: 'close', listener: (this: NodeSocket, code: number) => void): unknown
  on(type: 'error', listener: (error: Error) => void): unknown
}

/**
 * Puts a socket under the node's care.
 *
 * @param under - the socket under one of `ws`, where it is known: text frames are written straight to it
 */
export function attachPlain<Request>(
  host: Host<Request>,
  socket: WebSocketLike,
  request: Request | undefined,
  identity: Identity | null,
  under?: UpgradeSocket,
): void {
  const transport = under ? new UpgradedTransport(socket, under) : new PlainTransport(socket)
  const inlet = host.accept(transport, { request, identity })
  if (isNodeSocket(socket)) {
    socket[INLET] = inlet
    socket.on('message', onMessage)
    socket.on('close', onClose)
    socket.on('error', ignore)
  } else {
    socket.addEventListener('message', ({ data }: { data: unknown }) => {
      take(inlet, data, typeof data !== 'string')
    })
    socket.addEventListener('close', ({ code }: { code: number }) => {
      inlet.closed(code)
    })
    socket.addEventListener('error', ignore)
  }
}

function take(inlet: Inlet | undefined, data: unknown, isBinary: boolean): void {
  if (isBinary) inlet?.breach(CLOSE.BINARY)
  else inlet?.frame(String(data))
}

function onMessage(this: NodeSocket, data: unknown, isBinary: boolean): void {
  take(this[INLET], data, isBinary)
}

function onClose(this: NodeSocket, code: number): void {
  this[INLET]?.closed(code)
}

/** What is wrong with a socket is followed by its close, which is all that counts. */
function ignore(): void {
  // Nothing to do.
}

class PlainTransport implements Transport {
  protected readonly socket: WebSocketLike

  constructor(socket: WebSocketLike) {
    this.socket = socket
  }

  send(frames: readonly string[]): void {
    frames.forEach((frame) => {
      this.socket.send(frame)
    })
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason)
  }

  terminate(code: number): void {
    if (this.socket.terminate) this.socket.terminate()
    else this.socket.close(code)
  }

  backlog(): number {
    return this.socket.bufferedAmount
  }
}

class UpgradedTransport extends PlainTransport {
  readonly #under: UpgradeSocket

  constructor(socket: WebSocketLike, under: UpgradeSocket) {
    super(socket)
    this.#under = under
  }

  override send(frames: readonly string[]): void {
    sendTexts(this.socket, this.#under, frames)
  }

  override backlog(): number {
    return this.#under.writableLength
  }
}

function isNodeSocket(socket: WebSocketLike): socket is NodeSocket {
  return typeof (socket as Partial<NodeSocket>).on === 'function'
}
