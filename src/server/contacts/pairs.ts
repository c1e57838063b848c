/** What is known of single pairs: whether one may see the other. Whatever is missing is asked for in one question. */
import { LRUCache } from 'lru-cache'
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { Clock } from '../../core/clock.ts'
import { type Asked, counts, type Ticks } from './cache.ts'
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

interface Pair extends Asked {
  readonly isSeen: boolean
}

interface Flight extends Asked {
  readonly answer: PromiseLike<ReadonlySet<string>>
}

export function createPairs({ load, ttlMs, maxPairs, clock, ticks }: PairsOptions): Pairs {
  const kept = new LRUCache<string, Pair>({
    // By `max` it would take the room for all of them at once.
    maxSize: maxPairs,
    sizeCalculation: () => 1,
  })
  const flights = new Map<string, Flight>()

  const ask = (viewer: string, userIds: readonly string[]): Awaitable<ReadonlySet<string>> => {
    const askedAt = ++ticks.count
    const start = clock.now()
    const keep = (seen: ReadonlySet<string>, keys: ReadonlyMap<string, string>): void => {
      for (const [id, key] of keys) kept.set(key, { isSeen: seen.has(id), askedAt, start })
    }
    const keys = new Map(userIds.map((id) => [id, keyOf(viewer, id)]))
    const answer = load(viewer, userIds)
    if (!isPromise(answer)) {
      for (const key of keys.values()) flights.delete(key)
      keep(answer, keys)
      return answer
    }
    /** Gives those of whom nobody has asked again meanwhile. */
    const land = (): ReadonlyMap<string, string> => {
      const ours = [...keys].filter(([, key]) => flights.get(key)?.askedAt === askedAt)
      for (const [, key] of ours) flights.delete(key)
      return new Map(ours)
    }
    const landing = answer.then(
      (seen) => {
        keep(seen, land())
        return seen
      },
      (error: unknown) => {
        land()
        throw error
      },
    )
    for (const key of keys.values()) flights.set(key, { askedAt, start, answer: landing })
    return landing
  }

  return {
    get(viewer, userIds, changedAt) {
      const viewerChangedAt = changedAt(viewer)
      const seen = new Set<string>()
      const missing = new Set<string>()
      const waiting = new Map<PromiseLike<ReadonlySet<string>>, string[]>()
      const from = clock.now() - ttlMs
      for (const id of userIds) {
        const key = keyOf(viewer, id)
        const since = Math.max(viewerChangedAt, changedAt(id))
        const pair = kept.get(key)
        const flight = flights.get(key)
        if (pair && counts(pair, since, from)) {
          if (pair.isSeen) seen.add(id)
        } else if (flight && counts(flight, since, from)) {
          const waitsForIt = waiting.get(flight.answer)
          if (waitsForIt) waitsForIt.push(id)
          else waiting.set(flight.answer, [id])
        } else missing.add(id)
      }
      // Of each only what counts for them: an older flight may say more of those who have changed meanwhile.
      const take = (found: ReadonlySet<string>, ids: Iterable<string>): void => {
        for (const id of ids) if (found.has(id)) seen.add(id)
      }
      const wanted = (): readonly string[] => userIds.filter((id) => seen.has(id))
      const asked: Awaitable<ReadonlySet<string>> = missing.size > 0 ? ask(viewer, [...missing]) : NOBODY
      if (waiting.size === 0) {
        return andThen(asked, (found) => {
          take(found, missing)
          return wanted()
        })
      }
      const flown = [...waiting].map(async ([answer, ids]) => {
        take(await answer, ids)
      })
      const own = (async () => {
        take(await asked, missing)
      })()
      return Promise.all([own, ...flown]).then(wanted)
    },
    clear() {
      kept.clear()
      flights.clear()
    },
  }
}

const NOBODY: ReadonlySet<string> = new Set()

/** Its length parts one id from the other, whatever they contain. */
function keyOf(viewer: string, userId: string): string {
  return `${viewer.length}:${viewer}${userId}`
}
