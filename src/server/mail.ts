/**
 * What nodes tell each other. One message a node and turn, however many items it holds; while messages are on their
 * way to the bus, what comes meanwhile gathers. Of each kind of item about a user only the newest is kept.
 *
 * A message is a JSON array [layout, sender, number, items]. Messages to one node are numbered from 1; one without items
 * repeats the last number, so that a lost last message shows. Layouts of later versions are passed over.
 */
import { isObject } from '../core/fields.ts'
import type { UserRecord } from '../core/record.ts'
import type { VersionedRecord } from '../core/version.ts'
import type { NodeAction } from './machine.ts'
import { askTurn } from './turn.ts'
import type { Mailbox } from './sharing.ts'
import { isFenced } from './standing.ts'
import type { NodeState } from './state.ts'

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
  /** To oneself. */
  | readonly [kind: 'canary', user: string, number: number]

export interface Mail {
  readonly from: string
  readonly number: number
  readonly items: readonly MailItem[]
}

/** Puts an item into the mailbox of a node, in place of an older one. */
export function post(node: NodeState, address: string, item: MailItem, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing) return
  const { items } = mailboxOf(sharing.mailboxes, address)
  const key = `${item[0]} ${item[1]}`
  items.set(key, newest(items.get(key), item))
  askTurn(node, out)
}

/** The newer says all that the older did, but for whom a session has been superseded. */
function newest(older: MailItem | undefined, newer: MailItem): MailItem {
  if (older?.[0] !== 'own' || newer[0] !== 'own') return newer
  const [kind, user, epoch, version, record, superseded] = newer
  return [kind, user, epoch, version, record, [...older[5], ...superseded]]
}

/** Sends what has gathered, unless the bus is still busy with what was sent before. */
export function sendMail(node: NodeState, now: number, out: NodeAction[]): void {
  const { config, sharing } = node
  if (!sharing || sharing.publishing > 0) return
  const fenced = isFenced(node, now)
  for (const [address, mailbox] of sharing.mailboxes) {
    if (mailbox.items.size === 0 || (fenced && address !== config.address)) continue
    mailbox.number++
    mailbox.unrepeated = true
    const items = JSON.stringify([...mailbox.items.values()])
    mailbox.items.clear()
    sharing.publishing++
    out.push({ type: 'publish', address, message: message(config.address, mailbox.number, items) })
  }
}

/** The bus has taken a message, or failed to; what was lost will be found missing. */
export function onPublished(node: NodeState, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing) return
  sharing.publishing--
  if (sharing.publishing === 0) askTurn(node, out)
}

/** Says once more which number was the last, to every node that has been sent one since. */
export function repeatNumbers({ config, sharing }: NodeState, out: NodeAction[]): void {
  if (!sharing) return
  for (const [address, mailbox] of sharing.mailboxes) {
    if (!mailbox.unrepeated) continue
    mailbox.unrepeated = false
    sharing.publishing++
    out.push({ type: 'publish', address, message: message(config.address, mailbox.number, '[]') })
  }
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
  if (kind === 'review' || kind === 'canary') return Number.isSafeInteger(epoch)
  if (kind !== 'tell' && kind !== 'own') return false
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(version)) return false
  const isRecord = isObject(record) && Array.isArray(record.sessions)
  return isRecord && (Array.isArray(list) || (kind === 'tell' && list === null))
}

function message(from: string, number: number, items: string): string {
  return `[${LAYOUT},${JSON.stringify(from)},${number},${items}]`
}

function mailboxOf(mailboxes: Map<string, Mailbox>, address: string): Mailbox {
  let mailbox = mailboxes.get(address)
  if (!mailbox) {
    mailbox = { number: 0, items: new Map(), unrepeated: false }
    mailboxes.set(address, mailbox)
  }
  return mailbox
}
