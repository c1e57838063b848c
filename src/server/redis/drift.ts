/**
 * The clocks of several masters. Storage time is the clock of the one that keeps the index of nodes; of every other one it
 * is learned from its answers how far it is ahead. So a master whose clock is stepped is late once, and then right again.
 */

/** How far the clock at each place is ahead of storage time. */
export interface Drift {
  /** As far as is known; milliseconds. */
  at(place: number): number
  /**
   * A clock showed `told` at some instant from `earliest` to `latest` of storage time. What is known changes only where it
   * cannot be, and then no further than it must: an answer that was held up teaches nothing.
   */
  learn(place: number, told: number, earliest: number, latest: number): void
}

/** Clocks tell whole milliseconds; two that agree differ by so much. */
const GRAIN_MS = 1

/** For one Redis, whose clock is storage time. */
export const noDrift: Drift = Object.freeze({ at: () => 0, learn() {} })

/** For a cluster. `reference` is the place whose clock is storage time. */
export function createDrift(reference: number): Drift {
  const known = new Map<number, number>()
  return {
    at: (place) => known.get(place) ?? 0,
    learn(place, told, earliest, latest) {
      if (place === reference) return
      const before = known.get(place) ?? 0
      const least = Math.floor(told - latest) - GRAIN_MS
      const most = Math.ceil(told - earliest) + GRAIN_MS
      const after = Math.min(most, Math.max(least, before))
      if (after !== before) known.set(place, after)
    },
  }
}
