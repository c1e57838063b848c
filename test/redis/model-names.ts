/** What the numbers of operations stand for: names as strange as can be, and records of every shape. */
import { EMPTY_RECORD, type UserRecord } from '../../src/core/record.ts'
import { bucketOf } from '../../src/server/redis/keys.ts'
import { STRANGE_IDS } from '../corpus/frames.ts'
import { RECORDS } from './model-operations.ts'

/** In one part of the storage lie all users of a world that is not spread. */
const PART = 7
const inOnePart = STRANGE_IDS.map((id) => nearBy(id))

/** The name of a number: another in each world, so that all strange ones get their turn. */
export function nameOf(number: number, world: number): string {
  return STRANGE_IDS[(number * 7 + world) % STRANGE_IDS.length] ?? ''
}

/** As `nameOf`, for users; all of one part, unless they are spread. */
export function userOf(number: number, world: number, isSpread: boolean): string {
  const names = isSpread ? STRANGE_IDS : inOnePart
  return names[(number * 7 + world) % names.length] ?? ''
}

/** One of few records. */
export function recordOf(number: number, world: number): UserRecord {
  const id = nameOf(number, world)
  const records: readonly UserRecord[] = [
    EMPTY_RECORD,
    { ...EMPTY_RECORD, lastSeen: 1_700_000_000_000.5, lastSeenAccuracy: 'approximate', reason: 'node' },
    { ...EMPTY_RECORD, sessions: [{ id, node: id, activity: 'online' }] },
    {
      ...EMPTY_RECORD,
      sessions: [0, 1, 2].map((part) => ({ id: nameOf(part, world), node: id, activity: 'away' })),
      choice: { status: 'busy', text: `${id}|"\n`, until: 1_900_000_000_000 },
    },
    {
      ...EMPTY_RECORD,
      choice: { status: 'invisible', text: null, until: null },
      lastSeen: 0,
      reason: 'leave',
    },
  ]
  return records[number % RECORDS] ?? EMPTY_RECORD
}

/** The id with something behind it, so that it lies in the one part. */
function nearBy(id: string): string {
  for (let suffix = 0; ; suffix++) {
    const candidate = `${id}#${suffix}`
    if (bucketOf(candidate) === PART) return candidate
  }
}
