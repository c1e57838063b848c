/** What is known of single pairs: whether one may see the other. Whatever is missing is asked for in one question. */
import { LRUCache } from 'lru-cache'
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { Clock } from '../../core/clock.ts'
import type { Ticks } from './cache.ts'
import { andThen } from './waiting.ts'

export interface PairsOptions {
  /** Which of these the viewer may see. */
  readonly load: (viewer: string, userIds: readonly string[]) => Awaitable<ReadonlySet<string>>
  readonly ttlMs: number
  readonly maxPairs: number
  readonly clock: Pick<Clock, 'now'>
  readonly ticks: Ticks
}

export interface Pairs {
  /** Which of these the viewer may see; `changedAt`: what was asked for at that tick or before does not count. */
  get(
    viewer: string,
    userIds: readonly string[],
    changedAt: (userId: string) => number,
  ): Awaitable<readonly string[]>
  clear(): void
}

interface Pair {
  readonly isSeen: boolean
  readonly askedAt: number
}

interface Flight {
  readonly askedAt: number
  readonly answer: PromiseLike<ReadonlySet<string>>
}

export function createPairs({ load, ttlMs, maxPairs, clock, ticks }: PairsOptions): Pairs {
  const kept = new LRUCache<string, Pair>({
    max: maxPairs,
    ttl: ttlMs,
    // It takes 0 for no time at all, and would set a timer of its own to look at the clock less often.
    perf: { now: () => 1 + clock.now() },
    ttlResolution: 0,
  })
  const flights = new Map<string, Flight>()

  const ask = (viewer: string, userIds: readonly string[]): Awaitable<ReadonlySet<string>> => {
    const askedAt = ++ticks.count
    const keep = (seen: ReadonlySet<string>, ids: readonly string[]): ReadonlySet<string> => {
      for (const id of ids) kept.set(keyOf(viewer, id), { isSeen: seen.has(id), askedAt })
      return seen
    }
    const answer = load(viewer, userIds)
    if (!isPromise(answer)) return keep(answer, userIds)
    /** Gives those of whom nobody has asked again meanwhile. */
    const land = (): string[] =>
      userIds.filter((id) => {
        const key = keyOf(viewer, id)
        return flights.get(key)?.askedAt === askedAt && flights.delete(key)
      })
    const landing = answer.then(
      (seen) => keep(seen, land()),
      (error: unknown) => {
        land()
        throw error
      },
    )
    for (const id of userIds) flights.set(keyOf(viewer, id), { askedAt, answer: landing })
    return landing
  }

  return {
    get(viewer, userIds, changedAt) {
      const viewerChangedAt = changedAt(viewer)
      const seen = new Set<string>()
      const missing: string[] = []
      const waiting = new Set<PromiseLike<ReadonlySet<string>>>()
      for (const id of userIds) {
        const key = keyOf(viewer, id)
        const since = Math.max(viewerChangedAt, changedAt(id))
        const pair = kept.get(key)
        const flight = flights.get(key)
        if (pair && pair.askedAt > since) {
          if (pair.isSeen) seen.add(id)
        } else if (flight && flight.askedAt > since) waiting.add(flight.answer)
        else missing.push(id)
      }
      const wanted = (found: ReadonlySet<string>): readonly string[] =>
        userIds.filter((id) => seen.has(id) || found.has(id))
      if (missing.length === 0 && waiting.size === 0) return wanted(seen)
      const asked = missing.length > 0 ? ask(viewer, missing) : seen
      if (waiting.size === 0) return andThen(asked, wanted)
      return Promise.all([asked, ...waiting]).then((answers) =>
        wanted(new Set(answers.flatMap((ids) => [...ids]))),
      )
    },
    clear() {
      kept.clear()
      flights.clear()
    },
  }
}

/** Its length parts one id from the other, whatever they contain. */
function keyOf(viewer: string, userId: string): string {
  return `${viewer.length}:${viewer}${userId}`
}
