/** User ids, as strings: what can be one, and how long it is on the wire. */
import { DEFAULT_LIMITS } from './limits.ts'

const LONE_SURROGATE = /[\ud800-\udfff]/u

/** Whether a string holds no lone surrogate, which would encode to the same bytes as others. */
export function isWellFormed(value: string): boolean {
  return !LONE_SURROGATE.test(value)
}

/** Whether a value can be a user id: a string of 1 to `maxBytes` UTF-8 bytes, well formed. */
export function isUserId(value: unknown, maxBytes = DEFAULT_LIMITS.idBytes): value is string {
  if (typeof value !== 'string' || value === '') return false
  // A UTF-16 unit is at most three bytes; only what may be too long is measured.
  return (value.length * 3 <= maxBytes || utf8Length(value) <= maxBytes) && isWellFormed(value)
}

/** UTF-8 bytes of a string. */
export function utf8Length(value: string): number {
  let bytes = value.length
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index)
    // A surrogate pair is two units and four bytes: each half counts two.
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}
