/**
 * Frames to messages and back. A frame is one JSON object whose fields are those of fields.ts; unknown ones are passed
 * over. Decoding returns a result and never throws.
 */
import type { PresenceErrorCode } from './errors.ts'
import {
  CLIENT_FIELDS,
  type CodecLimits,
  type Fields,
  firstFault,
  isObject,
  reference,
  SERVER_FIELDS,
} from './fields.ts'
import { DEFAULT_LIMITS } from './limits.ts'
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

/**
 * Writes one presence record, for {@link snapshotFrame} and {@link changesFrame}; shared by all its recipients. Joined, for what
 * `JSON.stringify` makes V8 keeps in pieces: it takes twice the room and the time, here and wherever it goes into a frame.
 */
export function encodePresence(user: string, view: PresenceView): string {
  const { status, lastSeen, lastSeenAccuracy: accuracy, reason, statusText, stale } = view
  const parts = ['{"user":', JSON.stringify(user), ',"status":"', status, '"']
  if (lastSeen !== null) parts.push(',"lastSeen":', String(lastSeen))
  if (accuracy !== null && accuracy !== 'exact') parts.push(',"accuracy":"', accuracy, '"')
  if (reason !== null) parts.push(',"reason":"', reason, '"')
  if (statusText !== null) parts.push(',"text":', JSON.stringify(statusText))
  if (stale) parts.push(',"stale":true')
  parts.push('}')
  return parts.join('')
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
