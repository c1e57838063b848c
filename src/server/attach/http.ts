/** On a path of the application's HTTP server. */
import type { UpgradeHead, UpgradeRequest, UpgradeSocket } from './request.ts'
import type { UpgradeHandler } from './upgrade.ts'

/** What a server tells of an upgrade. */
export type UpgradeListener = (request: UpgradeRequest, socket: UpgradeSocket, head: UpgradeHead) => void

/** The part of a Node HTTP or HTTPS server that is needed. */
export interface HttpServerLike {
  /** As of an event emitter. */
  on(type: 'upgrade', listener: UpgradeListener): unknown
  /** As of an event emitter. */
  off(type: 'upgrade', listener: UpgradeListener): unknown
}

/** Takes the upgrades to a path that offer our sub-protocol; all others are left to whoever else listens. */
export function attachToPath(
  server: HttpServerLike,
  path: string,
  handleUpgrade: UpgradeHandler,
): () => void {
  const listener: UpgradeListener = (request, socket, head) => {
    if (pathOf(request) === path) handleUpgrade(request, socket, head)
  }
  server.on('upgrade', listener)
  return () => {
    server.off('upgrade', listener)
  }
}

function pathOf(request: UpgradeRequest): string {
  return (request.url ?? '').split('?', 1)[0] ?? ''
}
