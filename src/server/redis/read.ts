/** Reads the records of many users. */
import type { ReadReply, StoredRecord } from '../storage/contract.ts'
import type { Epochs } from './epochs.ts'
import { type Group, groupUsers, ungroup } from './grouping.ts'
import type { Keys } from './keys.ts'
import type { Link, Span } from './link.ts'
import type { Outcome } from './settle.ts'
import { unpack } from './packing.ts'

/** So many records one command takes: Redis does nothing else meanwhile. */
const MOST_AT_ONCE = 1_000

/** Gives what reads; it fails only where nothing at all could be read. */
export function createRead(
  link: Link,
  epochs: Epochs,
  keys: Keys,
  isTogether: boolean,
): (ids: readonly string[], span: Span) => Promise<ReadReply> {
  return async (ids, span) => {
    const groups = groupUsers(ids, keys, isTogether, MOST_AT_ONCE)
    const outcomes = await link.send(
      groups.map((group) => ({ name: 'mget', args: group.keys })),
      span,
    )
    throwIfNoneAnswered(outcomes)
    const records = groups.map((group, index) => recordsOf(group, outcomes[index]))
    for (const record of records.flat()) if (record) epochs.note(record.epoch)
    return { records: ungroup(groups, ids.length, (group, member) => records[group]?.[member] ?? null) }
  }
}

function recordsOf(group: Group, outcome: Outcome | undefined): (StoredRecord | null)[] {
  if (!outcome || outcome.error || !Array.isArray(outcome.reply)) return []
  const found = outcome.reply as readonly (string | null)[]
  return group.members.map(({ bucket }, index) => {
    const text = found[group.epochs + index]
    if (typeof text === 'string') return unpack(text)
    // Nothing there: the epoch is that of the bucket, or 0 where it has none yet.
    const epoch = Number(found[bucket] ?? 0)
    return Number.isSafeInteger(epoch) ? { epoch, version: 0, record: null } : null
  })
}

function throwIfNoneAnswered(outcomes: readonly Outcome[]): void {
  const [first] = outcomes
  if (first?.error && outcomes.every(({ error }) => error)) throw first.error
}
