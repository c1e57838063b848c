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
  if (socket.readyState !== OPEN) return
  const heads = texts.map(({ length }) => frameHead(length))
  const frames = texts.reduce((all, text, index) => all + (heads[index] as string) + text, '')
  // Of most the characters are the bytes: then no buffer is made for them. What is looked at is what is written, for the first look
  // copies it: of a long list that is 7 KB.
  if (wideIn(frames) === wideIn(heads.join(''))) under.write(frames, 'latin1')
  else under.write(Buffer.concat(texts.flatMap(textFrame)))
}

/** How many bytes more than characters, where each is written as UTF-8. */
function wideIn(text: string): number {
  return Buffer.byteLength(text) - text.length
}

function textFrame(text: string): Uint8Array[] {
  const bytes = Buffer.from(text)
  return [Buffer.from(frameHead(bytes.length), 'latin1'), bytes]
}

/** The bytes before a text of so many, each as a character. */
function frameHead(length: number): string {
  if (length <= SHORT) return String.fromCharCode(WHOLE_TEXT, length)
  if (length <= MEDIUM) return String.fromCharCode(WHOLE_TEXT, IN_TWO, length >>> 8, length & 0xff)
  const eight = Buffer.alloc(8)
  eight.writeBigUInt64BE(BigInt(length))
  return String.fromCharCode(WHOLE_TEXT, IN_EIGHT, ...eight)
}
