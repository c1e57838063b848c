/**
 * Reads of one turn of the event loop in one call of the storage: whoever comes online asks about their contacts twice,
 * to be shown them and to find them, and many come at once.
 */
import { type Awaitable, isPromise } from '../core/awaitable.ts'
import type { Clock } from '../core/clock.ts'
import type { ReadReply, StorageAdapter } from './storage/contract.ts'

interface Waiting {
  readonly ids: readonly string[]
  readonly resolve: (reply: ReadReply) => void
  readonly reject: (error: unknown) => void
}

/** Reads as the storage does, at the end of the turn, with all others. */
export function batchReads(
  storage: StorageAdapter,
  clock: Clock,
): (ids: readonly string[]) => Promise<ReadReply> {
  let waiting: Waiting[] = []

  const readAll = (): void => {
    const batch = waiting
    waiting = []
    const ids = [...new Set(batch.flatMap((one) => one.ids))]
    const fail = (error: unknown): void => {
      for (const { reject } of batch) reject(error)
    }
    const share = ({ records, ...rest }: ReadReply): void => {
      const places = new Map(ids.map((id, index) => [id, records[index] ?? null]))
      for (const one of batch) one.resolve({ ...rest, records: one.ids.map((id) => places.get(id) ?? null) })
    }
    settle(() => storage.read(ids), share, fail)
  }

  return (ids) =>
    new Promise((resolve, reject) => {
      waiting.push({ ids, resolve, reject })
      if (waiting.length === 1) clock.defer(readAll)
    })
}

function settle<T>(ask: () => Awaitable<T>, done: (value: T) => void, fail: (error: unknown) => void): void {
  try {
    const answer = ask()
    if (isPromise(answer)) answer.then(done, fail)
    else done(answer)
  } catch (error) {
    fail(error)
  }
}
