/** A choice of what to show, as it arrives at this node. */
import type { RecordChange } from '../core/record-change.ts'
import type { StatusChoice } from '../core/model.ts'
import type { User } from './entities.ts'
import { type NodeState, storageTime } from './state.ts'

/** What a user has chosen, or the application for them. */
interface Chosen {
  readonly status: StatusChoice
  readonly text: string | null | undefined
  /** `null`: it holds until changed. */
  readonly expiresInMs: number | null
}

/** The change of a choice that arrives now: it follows all that are known here, however the storage's time is estimated. */
export function choiceOf(
  node: NodeState,
  user: User,
  { status, text, expiresInMs }: Chosen,
  now: number,
): RecordChange {
  const time = storageTime(node, now)
  const until = expiresInMs === null ? null : time + expiresInMs
  return { type: 'choose', status, text, until, at: Math.max(latestChoice(user), time) }
}

function latestChoice({ known, unanswered, queue }: User): number {
  const waiting = queue.flatMap(({ change }) => (change.type === 'choose' ? [change.at] : []))
  return Math.max(0, ...waiting, (known ?? unanswered?.before)?.record.chosenAt ?? 0)
}
