/**
 * Every field of every message, and what it must be. Checked here and nowhere else.
 *
 * By hand: a schema library costs ten times the bytes and twenty times the time of these few lines.
 */
import { MAX_CHOICE_MS, STATUS_CHOICES } from './choice.ts'
import { FRAME_ERROR_CODES, type FrameErrorCode } from './errors.ts'
import { isUserId, isWellFormed, utf8Length } from './ids.ts'
import type { Limits } from './limits.ts'

/** What a field must be: `true`, or the code of what is wrong with it. */
export type Check = (value: unknown, limits: CodecLimits) => true | 'BAD_MESSAGE' | 'BAD_ID'
/** The fields of a message, or of a part of one. */
export type Fields = Readonly<Record<string, Check>>
/** The limits that a frame itself can break. */
export type CodecLimits = Pick<
  Limits,
  'idBytes' | 'tokenBytes' | 'statusTextLength' | 'jsonDepth' | 'jsonKeys'
>

/** More than a year of server time beyond any use; keeps sums of instants exact. */
const MAX_INSTANT = 2 ** 50
/** Session and device ids. */
const MAX_NAME_LENGTH = 128

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
  is((value, limits) => typeof value === 'string' && value.length <= max(limits) && isWellFormed(value))

const boolean = is((value) => typeof value === 'boolean')
/** Ties an answer to its question. */
export const reference = integer(Number.MAX_SAFE_INTEGER)
const instant = integer(MAX_INSTANT)
const name = is(
  (value) =>
    typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH && isWellFormed(value),
)
const statusText = text((limits) => limits.statusTextLength)
const token = is(
  (value, limits) =>
    typeof value === 'string' &&
    value !== '' &&
    utf8Length(value) <= limits.tokenBytes &&
    isWellFormed(value),
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

/** What is wrong with an object, if anything: the verdict on the first field that is not what it must be. */
export function firstFault(
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

/** Whether a value is an object with named members. */
export function isObject(value: unknown): value is Record<string, unknown> {
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
        status: oneOf(...STATUS_CHOICES, 'offline'),
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
        chosen: oneOf(...STATUS_CHOICES),
        text: optional(is((value) => typeof value === 'string')),
        expiresInMs: optional(instant),
        ref: optional(reference),
      },
    ],
    ['heartbeat', { now: instant }],
    ['renew', {}],
    ['stale', { stale: boolean }],
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
