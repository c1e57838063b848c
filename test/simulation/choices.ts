/** What users chose to show, as far as it can be known from outside: what holds, and what is on its way. */
import type { Choice } from '../../src/core/record.ts'
import type { StatusChoice } from '../../src/core/model.ts'

export interface Wish {
  readonly status: StatusChoice
  /** `undefined`: as it was. */
  readonly text: string | null | undefined
  /** Server time from which on it may have lapsed; `null`: it holds. */
  readonly until: number | null
  readonly at: number
  /** The server must take it: it was heard from a session that was live. */
  readonly sure: boolean
}

export interface ChoiceTruth {
  /** What stood there when all was quiet. */
  held: Choice | null
  /** What has been wished since. */
  wishes: Wish[]
}

export function createChoiceTruth(): ChoiceTruth {
  return { held: null, wishes: [] }
}

/** Whether a choice can stand in the storage now. */
export function isPossible({ held, wishes }: ChoiceTruth, choice: Choice | null, time: number): boolean {
  const lapses = (until: number | null): boolean => until !== null && time >= until
  const wished = (status: StatusChoice): boolean => wishes.some((wish) => wish.status === status)
  if (choice === null)
    return held === null || wished('auto') || [held, ...wishes].some(({ until }) => lapses(until))
  if (choice.status !== (held?.status ?? 'auto') && !wished(choice.status)) return false
  const { text } = choice
  return text === null || text === (held?.text ?? null) || wishes.some((wish) => wish.text === text)
}

/** Whether a choice is the one that must stand there once all is quiet; `true` where that cannot be told. */
export function isWished({ wishes }: ChoiceTruth, choice: Choice | null, time: number): boolean {
  const [wish] = wishes
  if (!wish || wishes.length > 1 || !wish.sure) return true
  const lapsed = wish.until !== null && time >= wish.until
  if (lapsed) return true
  return (
    (choice?.status ?? 'auto') === wish.status &&
    (wish.text === undefined || (choice?.text ?? null) === wish.text)
  )
}
