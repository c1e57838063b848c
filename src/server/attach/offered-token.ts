/** A token among the sub-protocols of an upgrade, for gateways that look at it before a frame is sent. */
import { utf8Length } from '../../core/ids.ts'
import type { UpgradeRequest } from './request.ts'

const PREFIX = 'presencekit.token.'

/** The token that an upgrade offers, if it does. */
export function offeredToken(request: UpgradeRequest | undefined, tokenBytes: number): string | undefined {
  const offered = String(request?.headers['sec-websocket-protocol'] ?? '')
  const token = offered
    .split(',')
    .map((protocol) => protocol.trim())
    .find((protocol) => protocol.startsWith(PREFIX))
    ?.slice(PREFIX.length)
  return token && utf8Length(token) <= tokenBytes ? token : undefined
}
