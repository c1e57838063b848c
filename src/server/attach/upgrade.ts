/** Upgrades that offer our sub-protocol become our connections; all others stay untouched. */
import { type ServerOptions, WebSocketServer } from 'ws'
import { SUBPROTOCOL, type WebSocketLike } from '../../core/socket.ts'
import type { Clock } from '../../core/clock.ts'
import { createPace } from './pace.ts'
import type { UpgradeHead, UpgradeRequest, UpgradeSocket } from './request.ts'

/**
 * How long a close waits for the other side's: time for what was sent before it, on a slow line. Whoever answers none
 * would keep their socket for thirty seconds otherwise, however early they were refused.
 */
const CLOSE_TIMEOUT_MS = 5_000

/**
 * A message in so many parts, or a frame in so many pieces, and no more: each is a buffer of its own until all is there, and
 * would cost a hundred times what it brings. What fits into a frame comes in a few dozen pieces on any line.
 */
const MOST_PIECES = 1_024

/** Each takes a tenth of a millisecond, and after a loss of the network they come by the hundred. */
const UPGRADES_AT_ONCE = 16

/** What `ws` takes and its types do not have yet. */
interface BoundOptions {
  readonly closeTimeout: number
  readonly maxBufferedChunks: number
  readonly maxFragments: number
}

/** Takes an upgrade, or says that it is not ours. */
export type UpgradeHandler = (request: UpgradeRequest, socket: UpgradeSocket, head: UpgradeHead) => boolean

/**
 * Makes the handler.
 *
 * @param maxPayload - bytes above which a frame is not even read (close 1009)
 * @param isAllowedOrigin - asked where there is an Origin header, so for browsers
 */
export function createUpgradeHandler(
  maxPayload: number,
  isAllowedOrigin: (origin: string) => boolean,
  onSocket: (socket: WebSocketLike, request: UpgradeRequest, under: UpgradeSocket) => void,
  clock: Pick<Clock, 'defer'>,
): UpgradeHandler {
  // A server of our own, without a port: so the application's one, its options and its clients are not concerned.
  const options: ServerOptions & BoundOptions = {
    noServer: true,
    clientTracking: false,
    // Small frames do not shrink, and a compressor costs each connection more memory than all the rest.
    perMessageDeflate: false,
    maxPayload,
    closeTimeout: CLOSE_TIMEOUT_MS,
    maxBufferedChunks: MOST_PIECES,
    maxFragments: MOST_PIECES,
    handleProtocols: () => SUBPROTOCOL,
  }
  const sockets = new WebSocketServer(options)
  const pace = createPace(clock, UPGRADES_AT_ONCE)
  return (request, socket, head) => {
    if (!offersUs(request)) return false
    const { origin } = request.headers
    if (origin !== undefined && !isAllowedOrigin(origin)) refuse(socket)
    else {
      const take = (upgraded: WebSocketLike): void => {
        onSocket(upgraded, request, socket)
      }
      // Until then nobody else listens.
      socket.on('error', ignore)
      pace(() => {
        socket.off('error', ignore)
        sockets.handleUpgrade(request as never, socket as never, head as never, take as never)
      })
    }
    return true
  }
}

/** Whether a request offers our sub-protocol. */
export function offersUs(request: UpgradeRequest): boolean {
  const offered = request.headers['sec-websocket-protocol']
  return String(offered ?? '')
    .split(',')
    .some((protocol) => protocol.trim() === SUBPROTOCOL)
}

function ignore(): void {
  // Whoever takes the socket finds it closed.
}

function refuse(socket: UpgradeSocket): void {
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}
