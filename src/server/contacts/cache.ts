/**
 * Answers that are kept for a while: each is asked for once, however many wait for it, and what was asked before a change
 * is not kept behind it.
 */
import { LRUCache } from 'lru-cache'
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { Clock } from '../../core/clock.ts'

export interface CacheOptions<Value> {
  readonly load: (key: string) => Awaitable<Value>
  readonly ttlMs: number
  /** The sizes of all values together. */
  readonly maxSize: number
  readonly sizeOf: (value: Value) => number
  readonly clock: Pick<Clock, 'now'>
  /** Several caches may count alike. */
  readonly ticks?: Ticks
}

/** Counts what is asked, so that what came before a change can be told from what came after. */
export interface Ticks {
  count: number
}

/** When something was asked for: at which tick, and on the clock. */
export interface Asked {
  readonly askedAt: number
  readonly start: number
}

/** What was found. */
export interface Kept<Value> extends Asked {
  readonly value: Value
}

interface Flight<Value> extends Asked {
  readonly answer: PromiseLike<Kept<Value>>
}

export interface Cache<Value> {
  /**
   * @param since - only what was asked for after this tick
   * @param now - on the clock; for who asks for many at once, and looks at it once
   */
  get(key: string, since?: number, now?: number): Awaitable<Kept<Value>>
  /** What is kept of this key does not count any more, nor what is being asked. */
  drop(key: string): void
  clear(): void
}

export function createCache<Value>(options: CacheOptions<Value>): Cache<Value> {
  const { load, ttlMs, maxSize, sizeOf, clock, ticks = { count: 0 } } = options
  const kept = new LRUCache<string, Kept<Value>>({
    maxSize,
    sizeCalculation: ({ value }) => 1 + sizeOf(value),
  })
  const flights = new Map<string, Flight<Value>>()

  const keep = (key: string, found: Kept<Value>): Kept<Value> => {
    kept.set(key, found)
    return found
  }
  const ask = (key: string, start: number): Awaitable<Kept<Value>> => {
    const askedAt = ++ticks.count
    const value = load(key)
    if (!isPromise(value)) {
      flights.delete(key)
      return keep(key, { value, askedAt, start })
    }
    const land = (): boolean => flights.get(key)?.askedAt === askedAt && flights.delete(key)
    const answer = value.then(
      (late) => {
        const found = { value: late, askedAt, start }
        return land() ? keep(key, found) : found
      },
      (error: unknown) => {
        land()
        throw error
      },
    )
    flights.set(key, { askedAt, start, answer })
    return answer
  }

  return {
    get(key, since = 0, now = clock.now()) {
      const from = now - ttlMs
      // However often it is wanted, its place in line stays.
      const found = kept.peek(key)
      if (found && counts(found, since, from)) return found
      const flight = flights.get(key)
      // Nor is a question that hangs waited for for ever.
      return flight && counts(flight, since, from) ? flight.answer : ask(key, now)
    },
    drop(key) {
      kept.delete(key)
      flights.delete(key)
    },
    clear() {
      kept.clear()
      flights.clear()
    },
  }
}

/**
 * Whether an answer counts that was asked for then. From the question on: what came late is as old as what came at once, and a
 * change that nobody told of may lie between.
 */
export function counts({ askedAt, start }: Asked, since: number, from: number): boolean {
  return askedAt > since && start >= from
}
