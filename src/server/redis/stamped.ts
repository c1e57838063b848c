/** Runs stamped scripts at one or many places, and reads storage time from their answers. */
import { PresenceError } from '../../core/errors.ts'
import type { Stamp } from '../storage/contract.ts'
import type { Argument } from './client.ts'
import type { Drift } from './drift.ts'
import type { Link, Span } from './link.ts'
import type { Outcome } from './settle.ts'
import { runScript, type Script } from './script.ts'

/** A script to be run. */
export interface Question {
  readonly script: Script
  /** All on one slot, this one. */
  readonly slot: number
  readonly keys: readonly string[]
  readonly args: readonly Argument[]
}

/** What every script answers: the time, what came of it, and more. */
export interface Answer {
  readonly now: number
  readonly outcome: string
  readonly rest: readonly unknown[]
}

/** Puts stamped questions to Redis. */
export interface Asker {
  /**
   * Each has an answer, or the error that came instead, at the end of the span at the latest.
   *
   * @param reference - storage time when the span began, or later; left out: as the stamp says
   */
  askAll(
    questions: readonly Question[],
    stamp: Stamp,
    span: Span,
    reference?: number,
  ): Promise<(Answer | PresenceError)[]>
  /** Rejects where there is no answer. */
  ask(question: Question, stamp: Stamp, span: Span, reference?: number): Promise<Answer>
}

export function createAsker(link: Link, drift: Drift): Asker {
  const read = (
    outcome: Outcome,
    slot: number,
    offset: number,
    span: Span,
    reference: number | undefined,
  ) => {
    if (outcome.error) return outcome.error
    const answer = readAnswer(outcome.reply)
    if (!answer) return unexpected(outcome.reply)
    const told = answer.now + offset
    if (reference !== undefined) {
      drift.learn(slot, told, reference, reference + outcome.repliedAt - span.startedAt)
    }
    return { ...answer, now: told - drift.at(slot) }
  }
  const askAll: Asker['askAll'] = async (questions, stamp, span, reference = timeOf(stamp)) => {
    const offsets = questions.map(({ slot }) => drift.at(slot))
    const commands = questions.map(({ script, keys, args }, place) =>
      runScript(script, keys, args, offsets[place] ?? 0, stamp),
    )
    const outcomes = await link.send(commands, span)
    return questions.map(({ slot }, place) =>
      read(outcomes[place] ?? { error: unexpected() }, slot, offsets[place] ?? 0, span, reference),
    )
  }
  return {
    askAll,
    async ask(question, stamp, span, reference) {
      const [answer] = await askAll([question], stamp, span, reference)
      return valueOf(answer)
    },
  }
}

/** The answer, or throws the error in its place. */
export function valueOf<T>(value: T | PresenceError | undefined): T {
  if (value instanceof PresenceError) throw value
  if (value === undefined) throw unexpected()
  return value
}

/** For what none of our scripts answers. */
export function unexpected(cause?: unknown): PresenceError {
  return new PresenceError('UNAVAILABLE', 'Redis answered what cannot be', { cause })
}

/** Whoever tolerates everything does not know the time, and nothing can be learned from a difference to it. */
function timeOf({ sentAt, toleranceMs }: Stamp): number | undefined {
  return Number.isFinite(toleranceMs) ? sentAt : undefined
}

function readAnswer(reply: unknown): Answer | null {
  if (!Array.isArray(reply)) return null
  const [time, outcome, ...rest] = reply as unknown[]
  const now = Number(time)
  return Number.isFinite(now) && typeof outcome === 'string' ? { now, outcome, rest } : null
}
