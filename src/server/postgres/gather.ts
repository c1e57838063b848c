/** Gathers what is asked one by one in the same turn, and asks for it at once. */
import type { Clock } from '../../core/clock.ts'

interface Batch<Value> {
  readonly keys: Set<string>
  readonly answer: Promise<ReadonlyMap<string, Value>>
}

/** Gives the value of one key; `undefined`: the answer had none. */
export function createGatherer<Value>(
  askAll: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>,
  clock: Pick<Clock, 'defer'>,
): (key: string) => Promise<Value | undefined> {
  let open: Batch<Value> | null = null

  const begin = (): Batch<Value> => {
    const keys = new Set<string>()
    const turn = new Promise<void>((resolve) => {
      clock.defer(resolve)
    })
    const answer = turn.then(() => {
      open = null
      return askAll([...keys])
    })
    return { keys, answer }
  }

  return async (key) => {
    open ??= begin()
    const { keys, answer } = open
    keys.add(key)
    return (await answer).get(key)
  }
}
