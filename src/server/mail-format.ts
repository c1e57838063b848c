/**
 * What nodes tell each other, as it stands on the bus. A message is a JSON array [layout, sender, number, items]. Messages
 * to one node are numbered from 1; one without items repeats the last number, so that a lost last message shows. Layouts
 * of later versions are passed over.
 */
import { isObject } from '../core/fields.ts'
import type { UserRecord } from '../core/record.ts'
import { NO_VERSION, type VersionedRecord } from '../core/version.ts'

const LAYOUT = 1

/** One thing that a node tells another. */
export type MailItem =
  /** A transition. `recipients`: users with sessions at that node; `null`: whoever watches there and may see. */
  | readonly [
      kind: 'tell',
      user: string,
      epoch: number,
      version: number,
      record: UserRecord,
      recipients: readonly string[] | null,
    ]
  /** The record of a user with sessions at that node, and which of these another one has taken the place of. */
  | readonly [
      kind: 'own',
      user: string,
      epoch: number,
      version: number,
      record: UserRecord,
      superseded: readonly string[],
    ]
  /** The contacts of a user have changed. */
  | readonly [kind: 'review', user: string, invalidated: number]
  /** A node has just joined, and may not be listed yet where this arrives. */
  | readonly [kind: 'here', user: string, number: number]
  /** To oneself. */
  | readonly [kind: 'canary', user: string, number: number]

export interface Mail {
  readonly from: string
  readonly number: number
  readonly items: readonly MailItem[]
}

/** Reads a message; `null` for what is none, or of a layout that is not known here. */
export function readMail(text: string): Mail | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!Array.isArray(value) || value[0] !== LAYOUT) return null
  const [, from, number, items] = value as unknown[]
  if (typeof from !== 'string' || !Number.isSafeInteger(number) || !Array.isArray(items)) return null
  return { from, number: number as number, items: items.filter(isItem) }
}

/** The record that an item carries. */
export function recordOf([, , epoch, version, record]: Extract<
  MailItem,
  readonly [kind: 'tell' | 'own', ...rest: unknown[]]
>): VersionedRecord {
  return { epoch, version, record }
}

function isItem(item: unknown): item is MailItem {
  if (!Array.isArray(item)) return false
  const [kind, user, epoch, version, record, list] = item as unknown[]
  if (typeof user !== 'string') return false
  if (kind === 'review' || kind === 'canary' || kind === 'here') return Number.isSafeInteger(epoch)
  if (kind !== 'tell' && kind !== 'own') return false
  // Under no version nothing stands there, so nobody can have written it.
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(version) || version === NO_VERSION) return false
  const isRecord = isObject(record) && Array.isArray(record.sessions)
  return isRecord && (Array.isArray(list) || (kind === 'tell' && list === null))
}

/** Writes a message. */
export function writeMail({ from, number, items }: Mail): string {
  return JSON.stringify([LAYOUT, from, number, items])
}
