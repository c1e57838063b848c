/**
 * The clocks of several masters. Storage time is the clock of the one that keeps the index of nodes; of every other one is
 * known how far it is ahead. That is measured when something came late there, and only against the clock of reference:
 * what a caller takes for storage time proves nothing, for it is the caller who may have been held up. So a master whose
 * clock is stepped is late once, and then right again; a caller whose clock is wrong stays late, and is told the time.
 */
import type { Keys } from './keys.ts'
import type { Link, Span } from './link.ts'
import { ALWAYS, runScript, script } from './script.ts'
import type { Outcome } from './settle.ts'
import { slotOf } from './slot.ts'

/** How far the clocks of masters are ahead of storage time. */
export interface Drift {
  /** Of the master of a slot, as far as is known; milliseconds. */
  at(slot: number): number
  /** Something came late at the masters of these keys: asks them, and the one of reference, for the time. */
  measure(keys: readonly string[], span: Span): Promise<void>
}

/** For one Redis, whose clock is storage time. */
export const noDrift: Drift = Object.freeze({ at: () => 0, measure: () => Promise.resolve() })

const CLOCK = script(`return { text(now), 'done' }`)
/** Clocks tell whole milliseconds; two that agree differ by so much. */
const GRAIN_MS = 1

/** For a cluster. @param masterOf - names the master of a slot, as far as is known */
export function createDrift(link: Link, { index }: Keys, masterOf: (slot: number) => string): Drift {
  let reference = ''
  const known = new Map<string, number>()

  const at = (slot: number): number => {
    // After a failover storage time is another clock, and what was known of the others is worth nothing.
    const now = masterOf(slotOf(index))
    if (now !== reference) known.clear()
    reference = now
    return known.get(masterOf(slot)) ?? 0
  }

  const measure: Drift['measure'] = async (keys, span) => {
    const byMaster = new Map(keys.map((key) => [masterOf(slotOf(key)), key]))
    byMaster.delete(masterOf(slotOf(index)))
    if (byMaster.size === 0) return
    const { startedAt } = link.begin()
    const asked = [index, ...byMaster.values()].map((key) => runScript(CLOCK, [key], [], 0, ALWAYS))
    const [first, ...others] = (await link.send(asked, span)).map(toldBy)
    if (!first) return
    for (const [place, master] of [...byMaster.keys()].entries()) {
      const told = others[place]
      if (!told) continue
      const apartMs = Math.max(first.at, told.at) - startedAt
      known.set(master, adjusted(known.get(master) ?? 0, told.time - first.time, apartMs))
    }
  }
  return { at, measure }
}

/**
 * What is known, after two clocks were read that differed by `differenceMs`, at most `apartMs` apart. It changes only where
 * it cannot be so, and then no further than it must: an answer that was held up teaches nothing.
 */
export function adjusted(before: number, differenceMs: number, apartMs: number): number {
  const least = Math.floor(differenceMs - apartMs) - GRAIN_MS
  const most = Math.ceil(differenceMs + apartMs) + GRAIN_MS
  return Math.min(most, Math.max(least, before))
}

function toldBy(outcome: Outcome): { readonly time: number; readonly at: number } | null {
  if (outcome.error || !Array.isArray(outcome.reply)) return null
  const [time] = outcome.reply as unknown[]
  return { time: Number(time), at: outcome.repliedAt }
}
