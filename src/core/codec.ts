/**
 * Frames to messages and back. A frame is one JSON object; every field is checked here and nowhere else,
 * unknown fields are passed over. Decoding returns a result and never throws.
 *
 * Checked by hand: a schema library costs ten times the bytes and twenty times the time of these few lines.
 */
import { FRAME_ERROR_CODES, type FrameErrorCode, type PresenceErrorCode } from './errors.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import type { ClientMessage, ServerMessage, WirePresence } from './messages.ts'
import type { PresenceView } from './model.ts'

/** A message, or why it is none. `ref` is given where it could be read, so that the sender knows what failed. */
export type Decoded<M> =
  | { readonly ok: true; readonly message: M }
  | {
      readonly ok: false
      readonly code: Extract<PresenceErrorCode, 'BAD_MESSAGE' | 'BAD_ID'>
      readonly ref?: number
    }

/** What a field must be: `true`, or the code of what is wrong with it. */
type Check = (value: unknown, limits: CodecLimits) => true | 'BAD_MESSAGE' | 'BAD_ID'
type Fields = Readonly<Record<string, Check>>
type CodecLimits = Pick<Limits, 'idBytes' | 'tokenBytes' | 'statusTextLength' | 'jsonDepth' | 'jsonKeys'>

/** More than a year of server time beyond any use; keeps sums of instants exact. */
const MAX_INSTANT = 2 ** 50
/** The longest that a choice may hold: ten years. */
const MAX_CHOICE_MS = 315_360_000_000
/** Session and device ids. */
const MAX_NAME_LENGTH = 128

const LONE_SURROGATE = /[\ud800-\udfff]/u

const is =
  (test: (value: unknown, limits: CodecLimits) => boolean): Check =>
  (value, limits) =>
    test(value, limits) || 'BAD_MESSAGE'
const optional =
  (check: Check): Check =>
  (value, limits) =>
    value === undefined || check(value, limits)
const oneOf = (...values: readonly unknown[]): Check => is((value) => values.includes(value))
const integer = (max: number): Check =>
  is((value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max)
const text = (max: (limits: CodecLimits) => number): Check =>
  is(
    (value, limits) =>
      typeof value === 'string' && value.length <= max(limits) && !LONE_SURROGATE.test(value),
  )

const boolean = is((value) => typeof value === 'boolean')
const reference = integer(Number.MAX_SAFE_INTEGER)
const instant = integer(MAX_INSTANT)
const name = is(
  (value) =>
    typeof value === 'string' &&
    value !== '' &&
    value.length <= MAX_NAME_LENGTH &&
    !LONE_SURROGATE.test(value),
)
const statusText = text((limits) => limits.statusTextLength)
const token = is(
  (value, limits) =>
    typeof value === 'string' &&
    value !== '' &&
    utf8Length(value) <= limits.tokenBytes &&
    !LONE_SURROGATE.test(value),
)
const id: Check = (value, limits) => isUserId(value, limits.idBytes) || 'BAD_ID'
const listOf =
  (check: Check): Check =>
  (value, limits) => {
    if (!Array.isArray(value)) return 'BAD_MESSAGE'
    for (const item of value) {
      const verdict = check(item, limits)
      if (verdict !== true) return verdict
    }
    return true
  }
const ids = listOf(id)
const status = oneOf('online', 'away', 'busy', 'offline', 'unknown')

const presenceFields: Fields = {
  user: id,
  status,
  lastSeen: optional(instant),
  accuracy: optional(oneOf('exact', 'approximate', 'minute', 'recently', 'week', 'month')),
  reason: optional(oneOf('leave', 'expire', 'drop', 'node')),
  text: optional(is((value) => typeof value === 'string')),
  stale: optional(boolean),
}
const presences = listOf((value, limits) =>
  isObject(value) ? firstFault(presenceFields, value, limits) : 'BAD_MESSAGE',
)

// The two tables are made by calls marked pure, so that a bundle for one half leaves the other half's out.

/** Every message that a client sends, with every field of it. */
export const CLIENT_FIELDS: ReadonlyMap<string, Fields> = /* @__PURE__ */ clientFields()

/** Every message that a server sends, with every field of it. */
export const SERVER_FIELDS: ReadonlyMap<string, Fields> = /* @__PURE__ */ serverFields()

/** The one frame that every idle connection sends; it is known by its text and not parsed. */
export const HEARTBEAT_FRAME = '{"type":"heartbeat"}'
const HEARTBEAT_ANSWER: Decoded<ClientMessage> = { ok: true, message: { type: 'heartbeat' } }
const BAD_MESSAGE = { ok: false, code: 'BAD_MESSAGE' } as const
const UNKNOWN_TYPE = { ok: true, message: null } as const

/** Reads a frame from a client. */
export function decodeClientFrame(
  frame: string,
  limits: CodecLimits = DEFAULT_LIMITS,
): Decoded<ClientMessage> {
  if (frame === HEARTBEAT_FRAME) return HEARTBEAT_ANSWER
  if (!isShallow(frame, limits.jsonDepth, limits.jsonKeys)) return BAD_MESSAGE
  const decoded = decode<ClientMessage>(frame, CLIENT_FIELDS, limits)
  return decoded.ok && !isConsistent(decoded.message)
    ? refuse('BAD_MESSAGE', decoded.message, limits)
    : decoded
}

/**
 * Reads a frame from a server. A type of which this version knows nothing gives `message: null`:
 * a newer server may say more.
 */
export function decodeServerFrame(frame: string): Decoded<ServerMessage | null> {
  return decode<ServerMessage | null>(frame, SERVER_FIELDS, DEFAULT_LIMITS, UNKNOWN_TYPE)
}

/** Writes a message. */
export function encode(message: ClientMessage | ServerMessage): string {
  return JSON.stringify(message)
}

/** Writes one presence record, for {@link snapshotFrame} and {@link changesFrame}; shared by all its recipients. */
export function encodePresence(user: string, view: PresenceView): string {
  const wire: WirePresence = {
    user,
    status: view.status,
    ...(view.lastSeen !== null && { lastSeen: view.lastSeen }),
    ...(view.lastSeenAccuracy !== null &&
      view.lastSeenAccuracy !== 'exact' && { accuracy: view.lastSeenAccuracy }),
    ...(view.reason !== null && { reason: view.reason }),
    ...(view.statusText !== null && { text: view.statusText }),
    ...(view.stale && { stale: true }),
  }
  return JSON.stringify(wire)
}

/** Reads one presence record from the wire. */
export function decodePresence(wire: WirePresence): PresenceView {
  const lastSeen = wire.lastSeen ?? null
  return {
    status: wire.status,
    lastSeen,
    lastSeenAccuracy: lastSeen === null ? (wire.accuracy ?? null) : (wire.accuracy ?? 'exact'),
    reason: wire.reason ?? null,
    statusText: wire.text ?? null,
    stale: wire.stale ?? false,
  }
}

/** A snapshot of encoded presence records. */
export function snapshotFrame(ref: number, presences: readonly string[], more: boolean): string {
  return `{"type":"snapshot","ref":${ref},"users":[${presences.join(',')}]${more ? ',"more":true' : ''}}`
}

/** Changes, from encoded presence records. */
export function changesFrame(presences: readonly string[]): string {
  return `{"type":"PRESENCE_UPDATE","users":[${presences.join(',')}]}`
}

/**
 * Whether a value can be a user id: a string of 1 to `maxBytes` UTF-8 bytes without lone surrogates,
 * which would encode to the same bytes as other ids.
 */
export function isUserId(value: unknown, maxBytes = DEFAULT_LIMITS.idBytes): value is string {
  return (
    typeof value === 'string' && value !== '' && utf8Length(value) <= maxBytes && !LONE_SURROGATE.test(value)
  )
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

function decode<M>(
  frame: string,
  table: ReadonlyMap<string, Fields>,
  limits: CodecLimits,
  unknownType?: Decoded<M>,
): Decoded<M> {
  let value: unknown
  try {
    value = JSON.parse(frame)
  } catch {
    return BAD_MESSAGE
  }
  if (!isObject(value) || typeof value.type !== 'string') return BAD_MESSAGE
  const fields = table.get(value.type)
  if (!fields) return unknownType ?? refuse('BAD_MESSAGE', value, limits)
  const fault = firstFault(fields, value, limits)
  return fault === true ? { ok: true, message: value as M } : refuse(fault, value, limits)
}

function refuse(
  code: 'BAD_MESSAGE' | 'BAD_ID',
  message: object,
  limits: CodecLimits,
): Extract<Decoded<never>, { ok: false }> {
  const { ref } = message as { readonly ref?: unknown }
  return reference(ref, limits) === true ? { ok: false, code, ref: ref as number } : { ok: false, code }
}

function firstFault(
  fields: Fields,
  value: Readonly<Record<string, unknown>>,
  limits: CodecLimits,
): ReturnType<Check> {
  for (const key of Object.keys(fields)) {
    const verdict = (fields[key] as Check)(Object.hasOwn(value, key) ? value[key] : undefined, limits)
    if (verdict !== true) return verdict
  }
  return true
}

/** What no single field can tell: a goodbye is never a choice, and only a choice carries a text or an end. */
function isConsistent(message: ClientMessage): boolean {
  if (message.type === 'roster') return !message.watch || message.ref !== undefined
  if (message.type !== 'PRESENCE_UPDATE') return true
  if (isChoice(message)) return message.status !== 'offline' && message.chosen !== false
  return message.text === undefined && message.expiresInMs === undefined
}

/** Whether a PRESENCE_UPDATE is the user's choice, and not the session's own report. */
export function isChoice(message: { readonly status: string; readonly chosen?: boolean }): boolean {
  const { status } = message
  return message.chosen === true || status === 'busy' || status === 'invisible' || status === 'auto'
}

/** Looks before parsing: how deep does it nest, how many keys does it have. */
function isShallow(frame: string, maxDepth: number, maxKeys: number): boolean {
  let depth = 0
  let keys = 0
  let quoted = false
  for (let index = 0; index < frame.length; index++) {
    const unit = frame.charCodeAt(index)
    if (quoted) {
      if (unit === 0x5c /* \ */) index++
      else if (unit === 0x22 /* " */) quoted = false
    } else if (unit === 0x22) quoted = true
    else if (unit === 0x7b /* { */ || unit === 0x5b /* [ */) {
      if (++depth > maxDepth) return false
    } else if (unit === 0x7d /* } */ || unit === 0x5d /* ] */) depth--
    else if (unit === 0x3a /* : */ && ++keys > maxKeys) return false
  }
  return true
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function clientFields(): ReadonlyMap<string, Fields> {
  return new Map<string, Fields>([
    [
      'hello',
      { version: reference, token: optional(token), device: optional(name), previous: optional(name) },
    ],
    [
      'PRESENCE_UPDATE',
      {
        status: oneOf('online', 'away', 'busy', 'invisible', 'auto', 'offline'),
        chosen: optional(boolean),
        text: optional((value, limits) => value === null || statusText(value, limits)),
        expiresInMs: optional(integer(MAX_CHOICE_MS)),
        ref: optional(reference),
      },
    ],
    ['subscribe', { users: ids, ref: reference }],
    ['unsubscribe', { users: ids }],
    ['roster', { watch: boolean, ref: optional(reference) }],
    ['fetch', { users: ids, ref: reference }],
    ['token', { token }],
    ['heartbeat', {}],
  ])
}

function serverFields(): ReadonlyMap<string, Fields> {
  return new Map<string, Fields>([
    [
      'welcome',
      {
        version: reference,
        session: name,
        user: id,
        now: instant,
        heartbeatMs: integer(MAX_INSTANT),
        timeoutMs: integer(MAX_INSTANT),
      },
    ],
    ['snapshot', { ref: reference, users: presences, more: optional(boolean) }],
    ['PRESENCE_UPDATE', { users: presences }],
    [
      'self',
      {
        status,
        chosen: oneOf('online', 'away', 'busy', 'invisible', 'auto'),
        text: optional(is((value) => typeof value === 'string')),
        expiresInMs: optional(instant),
        ref: optional(reference),
      },
    ],
    ['heartbeat', { now: instant }],
    ['renew', {}],
    ['close', { code: integer(4999), reason: is((value) => typeof value === 'string') }],
    [
      'error',
      {
        code: is((value) => FRAME_ERROR_CODES.includes(value as FrameErrorCode)),
        ref: optional(reference),
        retryAfterMs: optional(instant),
      },
    ],
  ])
}
