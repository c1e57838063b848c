/**
 * The mailboxes of the other nodes. One message a node and turn, however many items it holds; while messages are on their
 * way to the bus, what comes meanwhile gathers. Of each kind of item about a user only the newest is kept.
 */
import type { NodeAction } from './machine.ts'
import { type MailItem, writeMail } from './mail-format.ts'
import { askTurn } from './turn.ts'
import type { Mailbox } from './sharing.ts'
import { isFenced } from './standing.ts'
import type { NodeState } from './state.ts'

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
    const items = [...mailbox.items.values()]
    mailbox.items.clear()
    sharing.publishing++
    out.push({
      type: 'publish',
      address,
      message: writeMail({ from: config.address, number: mailbox.number, items }),
    })
  }
}

/** The bus has taken a message, or failed to; what was lost will be found missing. */
export function onPublished(node: NodeState, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing) return
  sharing.publishing--
  if (sharing.publishing === 0) askTurn(node, out)
}

/**
 * A node has become known. What all nodes were told since it joined it was not: that counts as a message to it which was lost,
 * and shows by the number of the next. Who has not joined yet has told nobody anything.
 */
export function greet(node: NodeState, address: string, out: NodeAction[]): void {
  const { sharing } = node
  if (!sharing || sharing.mailboxes.has(address)) return
  const mailbox = mailboxOf(sharing.mailboxes, address)
  if (sharing.standing !== 'joined') return
  mailbox.number++
  post(node, address, ['here', '', 0], out)
}

/** Says once more which number was the last, to every node that has been sent one since. */
export function repeatNumbers({ config, sharing }: NodeState, out: NodeAction[]): void {
  if (!sharing) return
  for (const [address, mailbox] of sharing.mailboxes) {
    if (!mailbox.unrepeated) continue
    mailbox.unrepeated = false
    sharing.publishing++
    out.push({
      type: 'publish',
      address,
      message: writeMail({ from: config.address, number: mailbox.number, items: [] }),
    })
  }
}

function mailboxOf(mailboxes: Map<string, Mailbox>, address: string): Mailbox {
  let mailbox = mailboxes.get(address)
  if (!mailbox) {
    mailbox = { number: 0, items: new Map(), unrepeated: false }
    mailboxes.set(address, mailbox)
  }
  return mailbox
}
