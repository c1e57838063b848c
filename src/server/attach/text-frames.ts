/**
 * Text frames as bytes (RFC 6455, 5.2), straight to the socket under a `ws` socket of ours. `ws` makes two buffers of a frame
 * and a gathered write of the two; one write of one buffer costs 8 µs where that costs 10, kernel and all. `ws` keeps all
 * else: the handshake, what comes in, pings and closing. Each write is of whole frames, so that the two may take turns.
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

/** Sends as the `send` of a socket of `ws` would that compresses nothing, all of them in one write. */
export function sendTexts(
  socket: WebSocketLike,
  under: Pick<UpgradeSocket, 'write'>,
  texts: readonly string[],
): void {
  if (socket.readyState === OPEN) under.write(textFrames(texts))
}

function textFrames(texts: readonly string[]): Uint8Array {
  const frames = Buffer.allocUnsafe(texts.reduce(addLength, 0))
  texts.reduce((at, text) => writeFrame(frames, at, text), 0)
  return frames
}

function addLength(sum: number, text: string): number {
  return sum + frameLength(Buffer.byteLength(text))
}

/** Gives where it ends. */
function writeFrame(into: Buffer, at: number, text: string): number {
  const length = Buffer.byteLength(text)
  const end = at + frameLength(length)
  into[at] = WHOLE_TEXT
  into[at + 1] = length <= SHORT ? length : length <= MEDIUM ? IN_TWO : IN_EIGHT
  if (length > MEDIUM) into.writeBigUInt64BE(BigInt(length), at + 2)
  else if (length > SHORT) into.writeUInt16BE(length, at + 2)
  into.write(text, end - length)
  return end
}

function frameLength(length: number): number {
  return length + (length <= SHORT ? 2 : length <= MEDIUM ? 4 : 10)
}
