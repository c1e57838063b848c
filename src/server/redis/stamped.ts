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
  /** Each has an answer, or the error that came instead, at the end of the span at the latest. */
  askAll(questions: readonly Question[], stamp: Stamp, span: Span): Promise<(Answer | PresenceError)[]>
  /** Rejects where there is no answer. */
  ask(question: Question, stamp: Stamp, span: Span): Promise<Answer>
}

export function createAsker(link: Link, drift: Drift): Asker {
  const askAll: Asker['askAll'] = async (questions, stamp, span) => {
    const offsets = questions.map(({ slot }) => drift.at(slot))
    const commands = questions.map(({ script, keys, args }, place) =>
      runScript(script, keys, args, offsets[place] ?? 0, stamp),
    )
    const answers = (await link.send(commands, span)).map(readAnswer)
    const late = questions.filter((_, place) => isLate(answers[place]))
    if (late.length > 0)
      await drift.measure(
        late.map(({ keys }) => keys[0] ?? ''),
        span,
      )
    return answers.map((answer, place) => {
      if (answer instanceof PresenceError) return answer
      const told = answer.now + (offsets[place] ?? 0)
      return { ...answer, now: told - drift.at(questions[place]?.slot ?? 0) }
    })
  }
  return {
    askAll,
    async ask(question, stamp, span) {
      const [answer] = await askAll([question], stamp, span)
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

function readAnswer(outcome: Outcome): Answer | PresenceError {
  if (outcome.error) return outcome.error
  if (!Array.isArray(outcome.reply)) return unexpected(outcome.reply)
  const [time, what, ...rest] = outcome.reply as unknown[]
  const now = Number(time)
  if (!Number.isFinite(now) || typeof what !== 'string') return unexpected(outcome.reply)
  return { now, outcome: what, rest }
}

function isLate(answer: Answer | PresenceError | undefined): boolean {
  return answer !== undefined && !(answer instanceof PresenceError) && answer.outcome === 'late'
}
