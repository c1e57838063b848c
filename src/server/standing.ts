/**
 * What a node may do and say just now. Alone with its storage it may always; among others it may not while it has no
 * lease, while the storage does not answer, and for a while after the storage may have lost something.
 */
import { addressOf, mayWrite, toleranceMs } from '../core/lease.ts'
import { type PresenceView, UNKNOWN_VIEW } from '../core/model.ts'
import { EMPTY_RECORD, viewOf } from '../core/record.ts'
import { type NodeState, storageTime } from './state.ts'
import type { Stamp, StoredRecord } from './storage/contract.ts'
import { schedule } from './wheel.ts'

/** One for all of whom nothing is stored: in a long list that is most of them. */
const NEVER_SEEN: PresenceView = Object.freeze(viewOf(EMPTY_RECORD, 0))

/** Whether the node must neither write nor tell anybody anything (S13, L4). */
export function isFenced({ config, sharing }: NodeState, now: number): boolean {
  if (!sharing) return false
  return sharing.outage || sharing.standing !== 'joined' || !mayWrite(sharing.lease, now, config.timing)
}

/** Whether nobody may be declared offline yet. */
export function isHolding({ sharing }: NodeState, now: number): boolean {
  return sharing !== null && now < sharing.holdUntil
}

/** Goes with every write: when it was sent, by the storage's own clock. */
export function stampOf(node: NodeState, now: number): Stamp {
  const tolerated = node.sharing ? toleranceMs(node.config.timing) : Number.POSITIVE_INFINITY
  return { sentAt: storageTime(node, now), toleranceMs: tolerated }
}

/** What a stored record shows. One that is missing from a storage that began anew lately may just not be back yet (L2). */
export function shownBy(
  node: NodeState,
  { epoch, record }: Pick<StoredRecord, 'epoch' | 'record'>,
  time: number,
  now: number,
): PresenceView {
  if (record) return viewOf(record, time)
  return isYoung(node, epoch, now) ? UNKNOWN_VIEW : NEVER_SEEN
}

/**
 * Whether an epoch began so lately that those who are online need not be back yet: it is still to come (0), or newer than
 * any that was seen, or one was seen for the first time less than R ago.
 */
export function isYoung({ sharing }: NodeState, epoch: number, now: number): boolean {
  return sharing !== null && (epoch === 0 || epoch > sharing.epoch || now < sharing.youngUntil)
}

/** The addresses of all other nodes: those of the last flush, and who has come since. */
export function otherNodes({ config, sharing }: NodeState): Set<string> {
  const others = new Set(sharing?.listed.map(({ incarnation }) => addressOf(incarnation)))
  for (const address of sharing?.arrivals.keys() ?? []) others.add(address)
  others.delete(config.address)
  return others
}

/** Nobody is declared offline for R. */
export function startHold(node: NodeState, now: number): void {
  hold(node, now + node.config.timing.recoveryHoldMs)
}

/** Nobody is declared offline before. */
export function hold(node: NodeState, until: number): void {
  const { sharing } = node
  if (!sharing) return
  sharing.holdUntil = Math.max(sharing.holdUntil, until)
  schedule(node.wheel, sharing.duties.hold, sharing.holdUntil)
}

/** A reply has told the storage's time. An answer may have lain unread, so only a later time corrects the one that is known. */
export function noteStorageTime(node: NodeState, storageNow: number | undefined, now: number): void {
  if (storageNow === undefined) return
  const offset = storageNow - now
  const { sharing } = node
  // Its clock was stepped: whatever is reckoned by it, the last signs of life of the dead above all, is so no more.
  const isStep = sharing?.knowsTime === true && offset > node.storageOffset + toleranceMs(node.config.timing)
  if (isStep) startHold(node, now)
  node.storageOffset = sharing ? Math.max(node.storageOffset, offset) : offset
}

/** A call came too late, or one of the clocks was stepped: from now on the storage's new time counts, and R begins. */
export function noteLate(node: NodeState, storageNow: number, now: number): void {
  node.storageOffset = storageNow - now
  startHold(node, now)
}

/** What keeps the node from serving, in words for an operator. */
export function ailmentsOf({ sharing }: NodeState): string[] {
  if (!sharing) return []
  return [
    ...(sharing.standing === 'joined' ? [] : ['joining']),
    ...(sharing.outage ? ['storage'] : []),
    ...(sharing.canary.listening ? [] : ['bus']),
  ]
}
