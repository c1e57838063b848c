/**
 * A timing wheel: any number of deadlines, one timer. Moving a deadline costs a push and a swap, and nothing ticks
 * while nothing is due.
 *
 * A deadline lies in the slot of the first tick at or after it, so it never fires early and at most one tick late.
 * One that is further away than a turn of the wheel is passed over until its turn comes.
 */

/** What can lie in a wheel: once at a time, where its deadline says. */
export interface Timed {
  dueAt: number
  /** A list and its place there: a `Set` looks for each of them by its hash, three times in a heartbeat. */
  slot: Timed[] | null
  place: number
}

export interface Wheel<Item extends Timed> {
  readonly slots: readonly Item[][]
  readonly tickMs: number
  /** The last tick that was looked at. */
  tick: number
  /** Nothing is due before this tick. */
  nextTick: number
  size: number
}

/** At 100 ms a tick a turn takes 51 s: all but the rare long deadlines fire within one. */
const SLOTS = 512
/** Ticks in the timeout of a connection: 100 ms of 60 s, far below any bound of the contract. */
const TICKS_PER_TIMEOUT = 600

export function createWheel<Item extends Timed>(timeoutMs: number, now: number): Wheel<Item> {
  const tickMs = Math.max(1, timeoutMs / TICKS_PER_TIMEOUT)
  return {
    slots: Array.from({ length: SLOTS }, (): Item[] => []),
    tickMs,
    tick: Math.floor(now / tickMs),
    nextTick: Number.POSITIVE_INFINITY,
    size: 0,
  }
}

/** Sets the deadline of an item, or moves it. */
export function schedule<Item extends Timed>(wheel: Wheel<Item>, item: Item, dueAt: number): void {
  item.dueAt = dueAt
  const tick = Math.max(wheel.tick + 1, tickAfter(wheel, dueAt))
  const slot = wheel.slots[tick % SLOTS] as Item[]
  wheel.nextTick = Math.min(wheel.nextTick, tick)
  if (item.slot === (slot as Timed[])) return
  cancel(wheel, item)
  item.slot = slot
  item.place = slot.push(item) - 1
  wheel.size++
}

export function cancel<Item extends Timed>(wheel: Wheel<Item>, item: Item): void {
  const { slot, place } = item
  if (!slot) return
  const last = slot.pop() as Timed
  if (last !== item) {
    slot[place] = last
    last.place = place
  }
  item.slot = null
  wheel.size--
}

/** Takes out what is due, in the order of the ticks. */
export function takeDue<Item extends Timed>(wheel: Wheel<Item>, now: number): Item[] {
  const due: Item[] = []
  const last = tickBefore(wheel, now)
  // After a long sleep each slot is looked at once, not once a missed tick.
  const first = Math.max(wheel.tick + 1, last - SLOTS + 1)
  wheel.tick = Math.max(wheel.tick, last)
  for (let tick = first; tick <= last; tick++) {
    const slot = wheel.slots[tick % SLOTS] as Item[]
    let left = 0
    for (const item of slot) {
      if (item.dueAt > now) {
        item.place = left
        slot[left++] = item
      } else {
        item.slot = null
        due.push(item)
      }
    }
    slot.length = left
  }
  wheel.size -= due.length
  wheel.nextTick = findNextTick(wheel)
  return due
}

/** When to look again, at the earliest; `null`: nothing is set. */
export function nextTickAt<Item extends Timed>(wheel: Wheel<Item>): number | null {
  return wheel.size === 0 ? null : wheel.nextTick * wheel.tickMs
}

function findNextTick<Item extends Timed>(wheel: Wheel<Item>): number {
  for (let tick = wheel.tick + 1; tick <= wheel.tick + SLOTS; tick++) {
    if ((wheel.slots[tick % SLOTS] as Item[]).length > 0) return tick
  }
  return Number.POSITIVE_INFINITY
}

/** The first tick that is not before a time. Division rounds: what lies a hair beyond a tick must not be taken for it. */
function tickAfter(wheel: { readonly tickMs: number }, time: number): number {
  const tick = Math.ceil(time / wheel.tickMs)
  return tick * wheel.tickMs < time ? tick + 1 : tick
}

/** The last tick that is not after a time; so who is woken at a tick finds it there. */
function tickBefore(wheel: { readonly tickMs: number }, time: number): number {
  const tick = Math.floor(time / wheel.tickMs)
  if (tick * wheel.tickMs > time) return tick - 1
  return (tick + 1) * wheel.tickMs <= time ? tick + 1 : tick
}
