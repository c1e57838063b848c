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

/** What was found, and at which tick it was asked for. */
export interface Kept<Value> {
  readonly value: Value
  readonly askedAt: number
}

interface Flight<Value> {
  readonly askedAt: number
  /** On the clock. */
  readonly start: number
  readonly answer: PromiseLike<Kept<Value>>
}

export interface Cache<Value> {
  /** `since`: only what was asked for after this tick. */
  get(key: string, since?: number): Awaitable<Kept<Value>>
  /** What is kept of this key does not count any more, nor what is being asked. */
  drop(key: string): void
  clear(): void
}

export function createCache<Value>(options: CacheOptions<Value>): Cache<Value> {
  const { load, ttlMs, maxSize, sizeOf, clock, ticks = { count: 0 } } = options
  const kept = new LRUCache<string, Kept<Value>>({
    maxSize,
    sizeCalculation: ({ value }) => 1 + sizeOf(value),
    ttl: ttlMs,
    // It takes 0 for no time at all, and would set a timer of its own to look at the clock less often.
    perf: { now: () => 1 + clock.now() },
    ttlResolution: 0,
  })
  const flights = new Map<string, Flight<Value>>()

  // It counts from the question on: what came late is as old as what came at once, and a change that nobody told of
  // may lie between.
  const keep = (key: string, found: Kept<Value>, start: number): Kept<Value> => {
    kept.set(key, found, { start: 1 + start })
    return found
  }
  const ask = (key: string): Awaitable<Kept<Value>> => {
    const askedAt = ++ticks.count
    const start = clock.now()
    const value = load(key)
    if (!isPromise(value)) {
      flights.delete(key)
      return keep(key, { value, askedAt }, start)
    }
    const land = (): boolean => flights.get(key)?.askedAt === askedAt && flights.delete(key)
    const answer = value.then(
      (late) => {
        const found = { value: late, askedAt }
        return land() ? keep(key, found, start) : found
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
    get(key, since = 0) {
      // It counts for so long from the question on, however often it is wanted: so its place in line stays as well.
      const found = kept.peek(key)
      if (found && found.askedAt > since) return found
      const flight = flights.get(key)
      // Nor is a question that hangs waited for for ever.
      const isFresh = flight && flight.askedAt > since && clock.now() - flight.start <= ttlMs
      return isFresh ? flight.answer : ask(key)
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
