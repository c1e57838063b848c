/** Swaps the records of many users, each where the expected version stands. */
import { PresenceError } from '../../core/errors.ts'
import type { UserRecord } from '../../core/record.ts'
import type { Stamp, Swap, SwapReply, SwapResult } from '../storage/contract.ts'
import type { Argument } from './client.ts'
import type { Epochs } from './epochs.ts'
import { type Group, groupUsers, ungroup } from './grouping.ts'
import type { Keys } from './keys.ts'
import type { Span } from './link.ts'
import { pack, packVersion, unpack } from './packing.ts'
import { script } from './script.ts'
import { type Answer, type Asker, unexpected } from './stamped.ts'

/** So many records one script takes: Redis does nothing else meanwhile. */
const MOST_AT_ONCE = 250
/** So long a record stays that holds nothing: longer than any node goes on with what stood there before. */
const KEEP_NOTHING_MS = 3_600_000

/**
 * KEYS: the epochs of the buckets, then the records. ARGV: the greatest epoch known, then for each record the number of its
 * bucket's key, what the record must begin with, what shall stand there, and for how long. Answers for each 1 where it was
 * swapped, 0 where the key holds no text, and otherwise what stands there.
 */
const SWAP = script(`
if late then return { text(now), 'late' } end
local function epochOf(key)
  local epoch = redis.call('GET', key)
  if not epoch then
    epoch = text(math.max(now, ARGV[4] + 1))
    redis.call('SET', key, epoch)
  end
  return epoch
end
local function swap(key, bucket, expected, value, keep)
  local found = redis.pcall('GET', key)
  if type(found) == 'table' then return 0 end
  if not found then found = epochOf(bucket) .. '|0|null' end
  if string.sub(found, 1, #expected) ~= expected then return found end
  if keep == '' then redis.call('SET', key, value) else redis.call('SET', key, value, 'PX', keep) end
  return 1
end
local count = (#ARGV - 4) / 4
local results = {}
for place = 1, count do
  local at = 1 + place * 4
  local key, bucket = KEYS[#KEYS - count + place], KEYS[tonumber(ARGV[at])]
  results[place] = swap(key, bucket, ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
return { text(now), 'done', results }
`)

/**
 * Gives what swaps; it fails only where nothing was answered at all.
 *
 * @param retainMs - how long a record without sessions is kept
 */
export function createSwap(
  asker: Asker,
  epochs: Epochs,
  keys: Keys,
  isTogether: boolean,
  retainMs: number,
): (swaps: readonly Swap[], stamp: Stamp, span: Span) => Promise<SwapReply> {
  const question = (group: Group, swaps: readonly Swap[]) => ({
    script: SWAP,
    slot: group.slot,
    keys: group.keys,
    args: [epochs.greatest, ...argumentsOf(group, swaps, retainMs)],
  })

  return async (swaps, stamp, span) => {
    const ids = swaps.map(({ id }) => id)
    const groups = groupUsers(ids, keys, isTogether, MOST_AT_ONCE)
    const answers = await asker.askAll(
      groups.map((group) => question(group, swaps)),
      stamp,
      span,
    )
    const results = answers.map((answer, index) => resultsOf(answer, groups[index]?.members.length ?? 0))
    for (const result of results.flat()) if (typeof result === 'object') epochs.note(result.epoch)
    return {
      now: latestOf(answers, stamp),
      results: ungroup(groups, swaps.length, (group, member) => results[group]?.[member] ?? 'failed'),
    }
  }
}

function argumentsOf({ members }: Group, swaps: readonly Swap[], retainMs: number): Argument[] {
  return members.flatMap(({ place, bucket }) => {
    const swap = swaps[place]
    if (!swap) throw unexpected()
    const { expected, version, record } = swap
    return [
      bucket + 1,
      packVersion(expected),
      pack({ epoch: expected.epoch, version }, record),
      keepMs(record, retainMs),
    ]
  })
}

/** Sessions keep a record; without any it is kept for its last seen. Of who was forgotten nothing is to stay. */
function keepMs({ sessions, lastSeen, choice }: UserRecord, retainMs: number): number | '' {
  if (sessions.length > 0) return ''
  return lastSeen === null && choice === null ? Math.min(retainMs, KEEP_NOTHING_MS) : retainMs
}

function resultsOf(answer: Answer | PresenceError, count: number): SwapResult[] {
  if (answer instanceof PresenceError) return []
  if (answer.outcome === 'late') return Array.from({ length: count }, () => 'late' as const)
  const [results] = answer.rest
  return Array.isArray(results) ? results.map(resultOf) : []
}

function resultOf(result: unknown): SwapResult {
  if (result === 1) return 'done'
  return (typeof result === 'string' ? unpack(result) : null) ?? 'failed'
}

/** Parts answer at their own instants; all of them lie within the call. */
function latestOf(answers: readonly (Answer | PresenceError)[], { sentAt }: Stamp): number {
  const answered = answers.flatMap((answer) => (answer instanceof PresenceError ? [] : [answer.now]))
  const [failure] = answers
  if (answered.length === 0 && failure instanceof PresenceError) throw failure
  return answered.length > 0 ? Math.max(...answered) : sentAt
}
