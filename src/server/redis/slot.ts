/** Where Redis Cluster keeps a key: CRC16 (XMODEM) of its tag, or of the whole key, modulo 16384. */

const SLOTS = 16_384
const POLYNOMIAL = 0x1021
const encoder = new TextEncoder()

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 8
  for (let bit = 0; bit < 8; bit++) value = value & 0x8000 ? (value << 1) ^ POLYNOMIAL : value << 1
  return value
})

/** CRC16 of the UTF-8 bytes of a text. */
export function crc16(text: string): number {
  let crc = 0
  for (const byte of encoder.encode(text)) {
    crc = ((crc << 8) ^ (TABLE[(crc >> 8) ^ byte] ?? 0)) & 0xffff
  }
  return crc
}

/** The slot of a key. Its tag is what stands between the first `{` and the next `}`; an empty one is none. */
export function slotOf(key: string): number {
  const start = key.indexOf('{')
  const end = start < 0 ? -1 : key.indexOf('}', start + 1)
  return crc16(end > start + 1 ? key.slice(start + 1, end) : key) % SLOTS
}

/** For each of `count` parts a short text that lies on the first slot of that part. */
export function evenTags(count: number): readonly string[] {
  const size = SLOTS / count
  const tags: (string | undefined)[] = Array.from({ length: count })
  let left = count
  for (let candidate = 0; left > 0; candidate++) {
    const tag = candidate.toString(36)
    const slot = crc16(tag) % SLOTS
    if (slot % size !== 0 || tags[slot / size] !== undefined) continue
    tags[slot / size] = tag
    left--
  }
  return tags as string[]
}
