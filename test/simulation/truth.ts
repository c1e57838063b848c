/**
 * What is true, from what the server's process has heard and said, and from nothing else: when each session gave its
 * last sign of life and how it ended, and from that, by the words of the contract, until when it must count as live,
 * and from when on it must not.
 */

/** How a session ended, or a connection was lost; `kick`: thrown out by the application. */
export type EndKind = 'leave' | 'drop' | 'kick' | 'superseded'

export interface SessionTruth {
  readonly link: number
  readonly id: string
  readonly user: string
  /** The first PRESENCE_UPDATE has been heard, by somebody who had been welcomed. */
  announcedAt: number | null
  /** The server has answered it. */
  acknowledged: boolean
  /** The last frame that was there to be read; counts in favour of the session. */
  arrivedAt: number
  /** The last frame that was read; counts against it. */
  heardAt: number
  /** The last answer to a heartbeat that was read, or the greeting. */
  answeredAt: number
  activity: 'online' | 'away'
  end: { readonly kind: EndKind; readonly at: number } | null
  /** It has stood in the storage, and does not any more. */
  removed: boolean
}

/** The durations that the truth depends on. */
export interface Bounds {
  readonly timeoutMs: number
  readonly graceMs: number
  /** W */
  readonly sweepMs: number
  /** One tick of the server's wheel. */
  readonly tickMs: number
}

/** Until when a session must count as live. */
export function liveUntil({ end, arrivedAt }: SessionTruth, { timeoutMs, graceMs }: Bounds): number {
  const silent = arrivedAt + timeoutMs
  if (!end) return silent
  return end.kind === 'drop' ? Math.min(end.at + graceMs, silent) : end.at
}

/** Until when a session may count as live, on a server that is neither held up nor waits for an adapter. */
export function goneBy(
  { end, heardAt }: SessionTruth,
  { timeoutMs, graceMs, sweepMs, tickMs }: Bounds,
): number {
  if (!end) return heardAt + timeoutMs + sweepMs
  if (end.kind === 'drop') return Math.min(end.at + graceMs, heardAt + timeoutMs) + tickMs + 1
  return end.at
}
