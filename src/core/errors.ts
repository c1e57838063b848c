/** Stable error codes and close codes. Messages may change, codes do not. */

/** The code of a {@link PresenceError}. */
export type PresenceErrorCode =
  | 'BAD_MESSAGE'
  | 'BAD_ID'
  | 'STATE'
  | 'TOO_LARGE'
  | 'VERSION'
  | 'BANNED'
  | 'KICKED'
  | 'SUPERSEDED'
  | 'UNAUTHORIZED'
  | 'TOKEN_EXPIRED'
  | 'HELLO_TIMEOUT'
  | 'RATE_LIMITED'
  | 'LIMIT'
  | 'SLOW_READER'
  | 'UNAVAILABLE'
  | 'RESTART'
  | 'OVERLOAD'
  | 'INTERNAL'
  | 'CONFIG'
  | 'TIMEOUT'
  | 'CLOSED'

/** What a client does after a close: stop, fetch a new token, come back slowly, at a named time, or as usual. */
export type Reaction = 'stop' | 'token' | 'slowly' | 'reconnect'

/** The codes that an error frame may carry; all others end the connection or are local. */
export const FRAME_ERROR_CODES = [
  'BAD_MESSAGE',
  'BAD_ID',
  'STATE',
  'RATE_LIMITED',
  'LIMIT',
  'UNAVAILABLE',
] as const

/** The code of an error frame. */
export type FrameErrorCode = (typeof FRAME_ERROR_CODES)[number]

/** The WebSocket close codes in use. 40xx: stop. 41xx: get a new token. 42xx: come back slowly. */
export const CLOSE = Object.freeze({
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL: 1002,
  BINARY: 1003,
  INVALID_TEXT: 1007,
  TOO_LARGE: 1009,
  INTERNAL: 1011,
  RESTART: 1012,
  OVERLOAD: 1013,
  BAD_MESSAGE: 4000,
  BANNED: 4001,
  VERSION: 4002,
  KICKED: 4004,
  SUPERSEDED: 4005,
  UNAUTHORIZED: 4100,
  TOKEN_EXPIRED: 4101,
  HELLO_TIMEOUT: 4102,
  RATE_LIMITED: 4200,
  SLOW_READER: 4203,
})

const CLOSE_MEANING = new Map<number, readonly [PresenceErrorCode, Reaction]>([
  [CLOSE.PROTOCOL, ['BAD_MESSAGE', 'stop']],
  [CLOSE.BINARY, ['BAD_MESSAGE', 'stop']],
  [CLOSE.INVALID_TEXT, ['BAD_MESSAGE', 'stop']],
  [CLOSE.TOO_LARGE, ['TOO_LARGE', 'stop']],
  [CLOSE.INTERNAL, ['INTERNAL', 'reconnect']],
  [CLOSE.RESTART, ['RESTART', 'reconnect']],
  [CLOSE.OVERLOAD, ['OVERLOAD', 'reconnect']],
  [CLOSE.BAD_MESSAGE, ['BAD_MESSAGE', 'stop']],
  [CLOSE.BANNED, ['BANNED', 'stop']],
  [CLOSE.VERSION, ['VERSION', 'stop']],
  [CLOSE.KICKED, ['KICKED', 'stop']],
  [CLOSE.SUPERSEDED, ['SUPERSEDED', 'stop']],
  [CLOSE.UNAUTHORIZED, ['UNAUTHORIZED', 'token']],
  [CLOSE.TOKEN_EXPIRED, ['TOKEN_EXPIRED', 'token']],
  [CLOSE.HELLO_TIMEOUT, ['HELLO_TIMEOUT', 'reconnect']],
  [CLOSE.RATE_LIMITED, ['RATE_LIMITED', 'slowly']],
  [CLOSE.SLOW_READER, ['SLOW_READER', 'slowly']],
])

/**
 * What a close code means to a client. A code of a known range but not in the table follows its range;
 * every other one (1000, 1001, 1006, …) is a lost connection: come back.
 */
export function closeMeaning(code: number): {
  readonly code: PresenceErrorCode | null
  readonly reaction: Reaction
} {
  const known = CLOSE_MEANING.get(code)
  if (known) return { code: known[0], reaction: known[1] }
  if (code >= 4000 && code < 4100) return { code: 'INTERNAL', reaction: 'stop' }
  if (code >= 4100 && code < 4200) return { code: 'UNAUTHORIZED', reaction: 'token' }
  if (code >= 4200 && code < 4300) return { code: 'RATE_LIMITED', reaction: 'slowly' }
  return { code: null, reaction: 'reconnect' }
}

/** Whether trying the same again later may succeed, and what the caller can do. */
const ADVICE: Readonly<Record<PresenceErrorCode, readonly [retryable: boolean, remediation: string]>> = {
  BAD_MESSAGE: [false, 'Both ends must speak the same protocol; update the older one.'],
  BAD_ID: [false, 'User ids are well-formed strings of 1 to 128 UTF-8 bytes.'],
  STATE: [false, 'Send hello first, then PRESENCE_UPDATE, then the rest.'],
  TOO_LARGE: [false, 'Send smaller frames, or raise limits.frameBytes on the server.'],
  VERSION: [false, 'Client and server speak different protocol versions; update the older one.'],
  BANNED: [false, 'This user may not connect.'],
  KICKED: [false, 'The server ended this session; connect again only if the user asks for it.'],
  SUPERSEDED: [false, 'A newer connection of the same session took over.'],
  UNAUTHORIZED: [false, 'Give a valid token.'],
  TOKEN_EXPIRED: [true, 'Give a fresh token.'],
  HELLO_TIMEOUT: [true, 'The token function took too long.'],
  RATE_LIMITED: [true, 'Wait for retryAfterMs, and send less.'],
  LIMIT: [false, 'Watch fewer users, or raise the limit on the server.'],
  SLOW_READER: [true, 'Read faster, or watch fewer users.'],
  UNAVAILABLE: [true, 'The storage or the contacts did not answer; the last known value stands.'],
  RESTART: [true, 'The server restarts; the client comes back by itself.'],
  OVERLOAD: [true, 'The server is full; the client comes back by itself.'],
  INTERNAL: [true, 'A fault of the server; see its error event.'],
  CONFIG: [false, 'Correct the option that the message names.'],
  TIMEOUT: [true, 'There was no answer in time; try again.'],
  CLOSED: [false, 'Nothing can be done with what was closed or destroyed; make a new one.'],
}

/** Every error that presencekit throws, rejects with, or emits. */
export class PresenceError extends Error {
  /** Always this: tells it from other errors across realms and copies of the package. */
  override readonly name = 'PresenceError'
  /** Stable; branch on this. */
  readonly code: PresenceErrorCode
  /** Whether the same may succeed later. */
  readonly retryable: boolean
  /** What the caller can do about it. */
  readonly remediation: string
  /** When to try again, where the server named a time. */
  readonly retryAfterMs: number | undefined
  /** What lies beneath it, where something does. */
  override readonly cause: unknown

  constructor(
    code: PresenceErrorCode,
    message: string,
    { cause, retryAfterMs }: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message)
    this.code = code
    ;[this.retryable, this.remediation] = ADVICE[code]
    this.retryAfterMs = retryAfterMs
    this.cause = cause
  }
}

/** A `CONFIG` error that names the option, what it takes, and what was given. */
export function configError(option: string, takes: string, given: unknown): PresenceError {
  return new PresenceError('CONFIG', `${option}: must be ${takes}, but is ${show(given)}`)
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
