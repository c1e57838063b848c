/** Which users have changed, and when, for as long as anything older may be kept. */
import type { Clock } from '../../core/clock.ts'
import type { Ticks } from './cache.ts'

/** Changes that are remembered one by one; beyond that whatever is older counts no more. */
const MOST_CHANGES = 10_000

export interface Changes {
  note(userId: string): void
  /** The tick of this user's last change; what was asked for at that tick or before does not count. */
  readonly of: (userId: string) => number
  /** The tick of the last change of anybody. */
  last(): number
  /** Who has changed after this tick; `null`: more than `most`, or it is not known any more. */
  since(tick: number, most: number): readonly string[] | null
}

interface Change {
  readonly tick: number
  readonly at: number
}

export function createChanges(ticks: Ticks, keepMs: number, clock: Pick<Clock, 'now'>): Changes {
  // In the order in which they changed.
  const changes = new Map<string, Change>()
  /** Of whoever was forgotten before their time. */
  let forgottenAt = 0
  /** Of whoever was forgotten. */
  let unknownUntil = 0
  let last = 0

  const forgetOld = (): void => {
    const oldest = clock.now() - keepMs
    for (const [userId, { at, tick }] of changes) {
      if (at >= oldest && changes.size <= MOST_CHANGES) return
      changes.delete(userId)
      unknownUntil = tick
      if (at >= oldest) forgottenAt = tick
    }
  }

  return {
    note(userId) {
      last = ticks.count
      changes.delete(userId)
      changes.set(userId, { tick: last, at: clock.now() })
      forgetOld()
    },
    of: (userId) => Math.max(changes.get(userId)?.tick ?? 0, forgottenAt),
    last: () => last,
    since(tick, most) {
      if (last < tick) return []
      // Asked for longer ago than answers are kept, by somebody who still waits.
      if (unknownUntil >= tick) return null
      const changed: string[] = []
      for (const [userId, change] of changes) if (change.tick >= tick) changed.push(userId)
      return changed.length > most ? null : changed
    },
  }
}
