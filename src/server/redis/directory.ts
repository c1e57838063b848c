/** The directory of nodes: an entry for each incarnation on a slot of its own, and an index of them all. */
import type { Stamp } from '../storage/contract.ts'
import type { Flush, NodeDirectory } from '../storage/nodes.ts'
import type { Argument } from './client.ts'
import type { Epochs } from './epochs.ts'
import type { Keys } from './keys.ts'
import type { Command, Link, Span } from './link.ts'
import { claimReply, entryReply, flushReply } from './node-replies.ts'
import { CLAIM, DISCHARGE, ENLIST, FLUSH, LIST, RELEASE } from './node-scripts.ts'
import { ALWAYS, type Script } from './script.ts'
import { slotOf } from './slot.ts'
import { type Answer, type Asker, type Question, valueOf } from './stamped.ts'

/** So many sessions one script takes: Redis does nothing else meanwhile. */
const MOST_AT_ONCE = 1_000
/** What no call can be in time for: it tells, and changes nothing. */
const NEVER_IN_TIME_MS = -1

/** A call of the directory, and the time it has. */
type Bounded<Call> = Call extends (...args: infer Args) => infer Reply
  ? (span: Span, ...args: Args) => Promise<Awaited<Reply>>
  : never

/** The directory, each call with its time in front. */
export type BoundedDirectory = { readonly [Name in keyof NodeDirectory]: Bounded<NodeDirectory[Name]> }

export function createDirectory(link: Link, asker: Asker, epochs: Epochs, keys: Keys): BoundedDirectory {
  const about = (script: Script, incarnation: string, args: readonly Argument[]): Question => ({
    script,
    slot: slotOf(keys.entry(incarnation)),
    keys: [keys.entry(incarnation), keys.sessions(incarnation)],
    args,
  })
  const change = async (command: Command, span: Span): Promise<void> => {
    const [outcome] = await link.send([command], span)
    if (outcome?.error) throw outcome.error
  }
  const unlist = (incarnation: string, span: Span): Promise<void> =>
    change({ name: 'zrem', args: [keys.index, incarnation] }, span)
  const lapse = (incarnation: string, span: Span): Promise<void> =>
    change({ name: 'zadd', args: [keys.index, 'XX', 0, incarnation] }, span)

  return {
    /** The index first: it keeps storage time, and an entry must never be unlisted. */
    async flush(span, call) {
      const { incarnation, leaseMs } = call
      const list: Question = {
        script: LIST,
        slot: slotOf(keys.index),
        keys: [keys.index],
        args: [incarnation, leaseMs],
      }
      const listed = await asker.ask(list, call, span)
      const stamp = stampOfEntry(call, listed)
      const [kept, epoch] = await Promise.all([
        asker.ask(about(FLUSH, incarnation, flushArguments(call, listed.now)), stamp, span),
        epochs.refresh(span),
      ])
      // Nobody shall wait for the lease of what was lost.
      if (kept.outcome === 'missing') await unlist(incarnation, span)
      if (kept.outcome === 'claimed') await lapse(incarnation, span)
      return flushReply(incarnation, listed, kept, epoch)
    },

    async enlist(span, incarnation, sessions, stamp) {
      const questions = chunksOf(sessions).map((chunk) =>
        about(
          ENLIST,
          incarnation,
          chunk.flatMap(({ id, user }) => [id, user]),
        ),
      )
      return entryReply(await asker.askAll(questions, stamp, span))
    },

    async claim(span, call) {
      const question = about(CLAIM, call.incarnation, [call.by, call.leaseMs])
      return claimReply(await asker.ask(question, call, span))
    },

    async discharge(span, incarnation, by, sessions, stamp) {
      const questions = chunksOf(sessions).map((chunk) => about(DISCHARGE, incarnation, [by, ...chunk]))
      const answers = await asker.askAll(questions, stamp, span)
      const reply = entryReply(answers)
      const isGone = answers.some((answer) => valueOf(answer).outcome === 'gone')
      if (isGone) await unlist(incarnation, span)
      return reply
    },

    async release(span, incarnation) {
      await asker.ask(about(RELEASE, incarnation, []), ALWAYS, span)
      await lapse(incarnation, span)
    },
  }
}

/** Where the flush was late for the index already, the entry tells of itself and is not changed. */
function stampOfEntry(call: Flush, listed: Answer): Stamp {
  return listed.outcome === 'late' ? { sentAt: listed.now, toleranceMs: NEVER_IN_TIME_MS } : call
}

function flushArguments({ first, leaseMs, silent, gone }: Flush, now: number): Argument[] {
  const packed = JSON.stringify(silent.map(({ id, ageMs }) => [id, ageMs]))
  return [first ? '1' : '', leaseMs, now, packed, ...gone]
}

/** At least one, so that nothing is still asked about. */
function chunksOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.max(1, Math.ceil(items.length / MOST_AT_ONCE))
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * MOST_AT_ONCE, (index + 1) * MOST_AT_ONCE),
  )
}
