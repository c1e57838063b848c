/** What the entries of the frame table are made of. */

/** Where a connection stands: before its hello, welcomed but not announced, or announced. */
export type ConnectionState = 'before-hello' | 'after-hello' | 'announced'

/** Error frame, or close. */
export type Verdict = 'BAD_MESSAGE' | 'BAD_ID' | 'STATE' | 1003 | 1009 | 4002

/** A frame that a server must refuse. */
export interface MalformedFrame {
  readonly name: string
  /** Bytes: a binary frame. */
  readonly frame: string | Uint8Array
  /** The code of the error frame, or of the close. */
  readonly expected: Verdict
  /** The state in which it is sent. */
  readonly state: ConnectionState
}

/** A frame that looks odd, and that a server must take. */
export interface ValidFrame {
  readonly name: string
  readonly frame: string
  readonly state: ConnectionState
}

/** The token of every hello in the table; whoever runs it against a server lets this one in. */
export const TOKEN = 'token-of-the-corpus'

/** The text of an object; the values are JSON already, so that they can be what no value in memory is. */
export function objectText(members: Readonly<Record<string, string>>): string {
  const texts = Object.entries(members).map(([key, value]) => `${JSON.stringify(key)}:${value}`)
  return `{${texts.join(',')}}`
}

/** An array in an array in an array. */
export function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

/** Pads a frame with a member that nobody knows, up to a size in UTF-8 bytes. */
export function padTo(bytes: number, frame: string, filler = 'x'): string {
  const open = `${frame.slice(0, -1)},"padding":"`
  const missing = bytes - Buffer.byteLength(open) - 2
  const size = Buffer.byteLength(filler)
  return `${open}${filler.repeat(Math.floor(missing / size))}${'x'.repeat(missing % size)}"}`
}
