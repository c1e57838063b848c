/**
 * Since when nothing is wrong, and what was wrong last: by this the checks know what the contract allows at the moment.
 * Of all that lasts, `now` counts for as long as it does.
 */

/** The last moment of each kind of fault; `-Infinity`: there was none. */
export interface Calm {
  /** The storage lost everything. */
  wipedAt: number
  /** The storage's epoch, and since when it has it. */
  epoch: number
  epochSince: number
  /** The storage lost its last writes. */
  lostAt: number
  /** The replica that took over had copied what was written before. */
  copiedAt: number
  /** Its clock was stepped. */
  steppedAt: number
  /** It has been stepped at any time: instants across a step cannot be compared. */
  wasStepped: boolean
  /** The bus came well again. */
  busAt: number
  /** Outages of the whole storage, the last one perhaps without an end yet. */
  readonly outages: { readonly from: number; to: number }[]
}

export function createCalm(now: number): Calm {
  // A storage that is used for the first time is as one that was wiped.
  return {
    wipedAt: now,
    epoch: 0,
    epochSince: now,
    lostAt: Number.NEGATIVE_INFINITY,
    copiedAt: Number.NEGATIVE_INFINITY,
    steppedAt: Number.NEGATIVE_INFINITY,
    wasStepped: false,
    busAt: Number.NEGATIVE_INFINITY,
    outages: [],
  }
}

/** The end of the last outage of the whole storage; `now` while there is one. */
export function outageEnd({ outages }: Calm, now: number): number {
  return Math.min(now, outages.at(-1)?.to ?? Number.NEGATIVE_INFINITY)
}

/** How much of the time since `from` the whole storage was out, in outages that ended less than `holdMs` ago. */
export function outageSince({ outages }: Calm, from: number, now: number, holdMs: number): number {
  return outages.reduce((sum, outage) => {
    if (now >= outage.to + holdMs) return sum
    const overlap = Math.min(now, outage.to) - Math.max(from, outage.from)
    return sum + Math.max(0, overlap)
  }, 0)
}
