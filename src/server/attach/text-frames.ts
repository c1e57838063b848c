/**
 * Text frames as bytes (RFC 6455, 5.2), straight to the socket under a `ws` socket of ours. `ws` makes two buffers of a frame
 * and a gathered write of the two; one write of one buffer costs 8 µs where that costs 10, kernel and all. `ws` keeps all
 * else: the handshake, what comes in, pings and closing. Each write is a whole frame, so that the two may take turns.
 */
import type { WebSocketLike } from '../../core/socket.ts'
import type { UpgradeSocket } from './request.ts'

/** The last fragment of a text message, which is the whole of it. */
const WHOLE_TEXT = 0x81
/** A length up to the first stands in the second byte; up to the second in the two behind it; else in eight. */
const [SHORT, MEDIUM] = [125, 0xffff]
const [IN_TWO, IN_EIGHT] = [126, 127]
/** `readyState` of a socket that takes frames. */
const OPEN = 1

/** Sends as the `send` of a socket of `ws` would that compresses nothing. */
export function sendText(socket: WebSocketLike, under: UpgradeSocket, text: string): void {
  if (socket.readyState === OPEN) under.write(textFrame(text))
}

function textFrame(text: string): Uint8Array {
  const length = Buffer.byteLength(text)
  const header = length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = WHOLE_TEXT
  frame[1] = length <= SHORT ? length : length <= MEDIUM ? IN_TWO : IN_EIGHT
  if (header === 4) frame.writeUInt16BE(length, 2)
  if (header === 10) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.write(text, header)
  return frame
}
