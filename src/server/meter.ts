/** Counts events in windows of a fixed length, two numbers each: for limits that are "so many in so long". */
export interface RateMeter {
  startedAt: number
  count: number
}

export function createMeter(now: number): RateMeter {
  return { startedAt: now, count: 0 }
}

/** Counts one; says how many there were in the current window, this one included. */
export function countEvent(meter: RateMeter, now: number, windowMs: number): number {
  if (now - meter.startedAt >= windowMs) {
    meter.startedAt = now
    meter.count = 0
  }
  return ++meter.count
}
