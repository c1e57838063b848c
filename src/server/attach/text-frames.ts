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
/** Heads of shorter texts are kept: of a dozen changes, in 8 KB. */
const KEPT_HEADS = 1_024
/** `readyState` of a socket that takes frames. */
const OPEN = 1

/** Sends as the `send` of a socket of `ws` would that compresses nothing, all of them in one write. */
export function sendTexts(
  socket: WebSocketLike,
  under: Pick<UpgradeSocket, 'write'>,
  texts: readonly string[],
): void {
  if (socket.readyState !== OPEN) return
  const bytes = texts.length === 1 ? bytesOfOne(texts[0] as string) : bytesOf(texts)
  if (typeof bytes === 'string') under.write(bytes, 'latin1')
  else under.write(bytes)
}

/** The last short text and its frame: heartbeats of one tick are the same for all whose turn it is. */
let last: { readonly text: string; readonly bytes: Bytes } | null = null

function bytesOfOne(text: string): Bytes {
  if (text.length > SHORT) return bytesOf([text])
  if (last?.text !== text) last = { text, bytes: bytesOf([text]) }
  return last.bytes
}

/** Frames, as a string with a character for each byte, or as a buffer. */
type Bytes = string | Uint8Array

/**
 * Of most the characters are the bytes: then no buffer is made for them. What is looked at is what is written, for the first look
 * copies it: of a long list that is 7 KB.
 */
function bytesOf(texts: readonly string[]): Bytes {
  let frames = ''
  let wide = 0
  for (const text of texts) {
    const head = headFor(text.length)
    frames += head.text + text
    wide += head.wide
  }
  return wideIn(frames) === wide ? frames : Buffer.concat(texts.flatMap(textFrame))
}

/** How many bytes more than characters, where each is written as UTF-8. */
function wideIn(text: string): number {
  return Buffer.byteLength(text) - text.length
}

function textFrame(text: string): Uint8Array[] {
  const bytes = Buffer.from(text)
  return [Buffer.from(headFor(bytes.length).text, 'latin1'), bytes]
}

/** The bytes before a text of so many, each as a character, and how many bytes more they would be in UTF-8. */
interface Head {
  readonly text: string
  readonly wide: number
}

/** By length, made once for each that most frames have. */
const heads = new Array<Head | undefined>(KEPT_HEADS)

function headFor(length: number): Head {
  if (length >= KEPT_HEADS) return createHead(length)
  return (heads[length] ??= createHead(length))
}

function createHead(length: number): Head {
  const text = String.fromCharCode(WHOLE_TEXT, ...lengthBytes(length))
  return { text, wide: wideIn(text) }
}

function lengthBytes(length: number): Iterable<number> {
  if (length <= SHORT) return [length]
  if (length <= MEDIUM) return [IN_TWO, length >>> 8, length & 0xff]
  const eight = Buffer.alloc(8)
  eight.writeBigUInt64BE(BigInt(length))
  return [IN_EIGHT, ...eight]
}
