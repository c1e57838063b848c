/**
 * A user's record as one string, so that one MGET reads many: `epoch|version|` and compact JSON,
 *
 * ```
 * [[session, node, activity, session, node, activity, …], choice, lastSeen, accuracy, reason, more]
 * ```
 *
 * where the choice is `null` or `[status, text, until]`, and `more` holds by name whatever else a record may have, those
 * fields among them that only another version of this package knows; left out where there are none. In place of a record
 * that is not there scripts say `epoch|0|null`.
 */
import type { Choice, SessionEntry, UserRecord } from '../../core/record.ts'
import type { Version } from '../../core/version.ts'
import type { StoredRecord } from '../storage/contract.ts'

type PackedChoice = readonly [Choice['status'], Choice['text'], Choice['until']]
type Packed = readonly [
  sessions: readonly string[],
  choice: PackedChoice | null,
  lastSeen: number | null,
  accuracy: UserRecord['lastSeenAccuracy'],
  reason: UserRecord['reason'],
  more?: object,
]

/** By these two a packed record begins. */
export function packVersion({ epoch, version }: Version): string {
  return `${epoch}|${version}|`
}

/** A record as it is stored. */
export function pack(version: Version, record: UserRecord): string {
  const { sessions, choice, lastSeen, lastSeenAccuracy, reason, ...more } = record
  const packed: Packed = [
    sessions.flatMap(({ id, node, activity }) => [id, node, activity]),
    choice && [choice.status, choice.text, choice.until],
    lastSeen,
    lastSeenAccuracy,
    reason,
  ]
  const whole = Object.keys(more).length > 0 ? [...packed, more] : packed
  return packVersion(version) + JSON.stringify(whole)
}

/** What stands there; `null` where that is none of ours. */
export function unpack(text: string): StoredRecord | null {
  const first = text.indexOf('|')
  const second = text.indexOf('|', first + 1)
  if (first < 1 || second < 0) return null
  const epoch = Number(text.slice(0, first))
  const version = Number(text.slice(first + 1, second))
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(version)) return null
  try {
    const packed: unknown = JSON.parse(text.slice(second + 1))
    if (packed === null) return { epoch, version, record: null }
    return isPacked(packed) ? { epoch, version, record: recordOf(packed) } : null
  } catch {
    return null
  }
}

function recordOf([sessions, choice, lastSeen, lastSeenAccuracy, reason, more]: Packed): UserRecord {
  const record = {
    sessions: sessionsOf(sessions),
    choice: choice && { status: choice[0], text: choice[1], until: choice[2] },
    lastSeen,
    lastSeenAccuracy,
    reason,
  }
  return more === undefined ? record : { ...more, ...record }
}

function sessionsOf(flat: readonly string[]): SessionEntry[] {
  const sessions: SessionEntry[] = []
  for (let index = 0; index < flat.length; index += 3) {
    const [id, node, activity] = flat.slice(index, index + 3) as [string, string, SessionEntry['activity']]
    sessions.push({ id, node, activity })
  }
  return sessions
}

function isPacked(value: unknown): value is Packed {
  if (!Array.isArray(value) || value.length < 5) return false
  const [sessions, choice, lastSeen, accuracy, reason, more] = value as unknown[]
  return (
    Array.isArray(sessions) &&
    sessions.length % 3 === 0 &&
    sessions.every((part) => typeof part === 'string') &&
    (choice === null || (Array.isArray(choice) && choice.length === 3)) &&
    (lastSeen === null || typeof lastSeen === 'number') &&
    isTextOrNull(accuracy) &&
    isTextOrNull(reason) &&
    (more === undefined || (typeof more === 'object' && more !== null))
  )
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string'
}
