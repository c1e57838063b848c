/** Beside the application on its own WebSocketServer: what offers our sub-protocol is ours, before anybody sees it. */
import { offersUs, type UpgradeHandler } from './upgrade.ts'

/** The part of a `ws` WebSocketServer that is needed. */
export interface WebSocketServerLike {
  /** Called for each upgrade, by the server itself or by the application. */
  handleUpgrade: (request: never, socket: never, head: never, callback: never) => void
  /** Whether the request is for the server's path. */
  shouldHandle(request: never): boolean | Promise<boolean>
  /** As of an event emitter. */
  on(type: string, listener: never): unknown
  /** As of an event emitter. */
  off(type: string, listener: never): unknown
}

/**
 * Takes our upgrades out of the server's hands, whether it listens by itself or the application hands upgrades to it.
 * Its path, if it has one, holds for ours too.
 */
export function attachBySubProtocol(server: WebSocketServerLike, handleUpgrade: UpgradeHandler): () => void {
  const original = server.handleUpgrade
  const routed: WebSocketServerLike['handleUpgrade'] = function (
    this: unknown,
    request,
    socket,
    head,
    callback,
  ) {
    const ours = offersUs(request) && server.shouldHandle(request) === true
    if (!ours || !handleUpgrade(request, socket, head)) original.call(server, request, socket, head, callback)
  }
  server.handleUpgrade = routed
  return () => {
    // Somebody may have put theirs around ours; then ours only passes on.
    if (server.handleUpgrade === routed) server.handleUpgrade = original
    else handleUpgrade = () => false
  }
}
