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

/** Meters of what is off the table, for one to two windows. */
export interface MeterMemory {
  readonly windowMs: number
  turnedAt: number
  recent: Map<string, RateMeter>
  older: ReadonlyMap<string, RateMeter>
}

export function createMeterMemory(now: number, windowMs: number): MeterMemory {
  return { windowMs, turnedAt: now, recent: new Map(), older: new Map() }
}

/** Puts a meter by. */
export function keepMeter(memory: MeterMemory, key: string, meter: RateMeter): void {
  if (meter.count > 0) memory.recent.set(key, meter)
}

/** The meter that was put by, or a fresh one; the old ones are forgotten on the way. */
export function takeMeter(memory: MeterMemory, key: string, now: number): RateMeter {
  if (now - memory.turnedAt >= memory.windowMs) {
    memory.turnedAt = now
    memory.older = memory.recent
    memory.recent = new Map()
  }
  const meter = memory.recent.get(key) ?? memory.older.get(key) ?? createMeter(now)
  memory.recent.delete(key)
  return meter
}
