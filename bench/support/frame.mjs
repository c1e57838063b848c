// WebSocket frames as bytes: what a load generator sends (masked, as a client must, with the key 0 that changes nothing),
// and what a server that frames once hands to every socket.

const FINAL_TEXT = 0x81
const MASKED = 0x80
/** A length up to this stands in the header itself; up to the second, in two bytes behind it. */
const SHORT = 125
const MEDIUM = 0xffff
const MASK_BYTES = 4

/**
 * @param {string} text
 * @param {boolean} [fromClient]
 */
export function frameOf(text, fromClient = false) {
  const length = Buffer.byteLength(text)
  const lengthBytes = length <= SHORT ? 0 : length <= MEDIUM ? 2 : 8
  const header = 2 + lengthBytes + (fromClient ? MASK_BYTES : 0)
  const frame = Buffer.alloc(header + length)
  frame[0] = FINAL_TEXT
  const code = length <= SHORT ? length : length <= MEDIUM ? 126 : 127
  frame[1] = fromClient ? code | MASKED : code
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  frame.write(text, header)
  return frame
}

/**
 * Calls `onFrame(bytes, start, end)` with the payload of each whole frame in the bytes; a mask of 0 is passed over.
 *
 * @param {Buffer} bytes
 * @param {(bytes: Buffer, start: number, end: number) => void} onFrame
 * @returns {number} where the first frame begins that is not all there
 */
export function eachFrame(bytes, onFrame) {
  let at = 0
  while (at + 2 <= bytes.length) {
    const code = /** @type {number} */ (bytes[at + 1])
    const mask = code & MASKED ? MASK_BYTES : 0
    let length = code & 0x7f
    let start = at + 2 + mask
    if (length === 126) {
      if (at + 4 > bytes.length) break
      length = bytes.readUInt16BE(at + 2)
      start += 2
    } else if (length === 127) {
      if (at + 10 > bytes.length) break
      length = Number(bytes.readBigUInt64BE(at + 2))
      start += 8
    }
    if (start + length > bytes.length) break
    onFrame(bytes, start, start + length)
    at = start + length
  }
  return at
}
