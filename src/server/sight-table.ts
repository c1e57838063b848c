/**
 * Who sees how much, by number: a map in one array, 10 bytes an entry where a `Map` takes 36. Who watches whom is most of what a
 * node keeps of an idle connection.
 *
 * Open addressing: an entry lies in the first free slot from its home on, and what lies behind one that is taken out moves up.
 */
import type { Sight } from '../core/visibility.ts'

export interface SightTable {
  /** A number and the place of its sight in one; or `FREE`. */
  slots: number[]
  size: number
}

const SIGHTS: readonly Sight[] = ['nothing', 'status', 'exact', 'minute', 'bucket']
/** Numbers begin at 1, so no entry is this. */
const FREE = 0
/** Below the number of a slot stands the place of its sight. */
const SIGHT_BITS = 3
const SIGHT_MASK = (1 << SIGHT_BITS) - 1
/** Numbers up to this make slots that are small integers of the engine; of larger ones each would be an object. */
export const MOST_NUMBER = 2 ** (31 - SIGHT_BITS) - 1
const NO_SLOTS: number[] = []
const LEAST_SLOTS = 4
/** Fuller than this it grows by a quarter, emptier than this it shrinks to a half. */
const [FULL, EMPTY] = [0.85, 0.25]
const GROWTH = 1.25
/** The golden ratio's fraction of 2^32: numbers that follow each other have their homes far from each other. */
const GOLDEN = 0x9e37_79b1

export function createSightTable(): SightTable {
  return { slots: NO_SLOTS, size: 0 }
}

/** `undefined`: the number is not in there. */
export function sightIn({ slots }: SightTable, number: number): Sight | undefined {
  const slot = slots[placeOf(slots, number)] ?? FREE
  return slot === FREE ? undefined : sightAt(slot)
}

/** Puts a number in, or gives it another sight. Gives the one that it had; `undefined`: it was not in there. */
export function putSight(table: SightTable, number: number, sight: Sight): Sight | undefined {
  const entry = (number << SIGHT_BITS) | SIGHTS.indexOf(sight)
  let place = placeOf(table.slots, number)
  const former = table.slots[place] ?? FREE
  if (former === FREE && ++table.size > table.slots.length * FULL) {
    resize(table, Math.ceil(table.slots.length * GROWTH))
    place = placeOf(table.slots, number)
  }
  table.slots[place] = entry
  return former === FREE ? undefined : sightAt(former)
}

/** Takes a number out, if it is in there. */
export function dropSight(table: SightTable, number: number): void {
  const { slots } = table
  let gap = placeOf(slots, number)
  if ((slots[gap] ?? FREE) === FREE) return
  for (let place = after(slots, gap); slots[place] !== FREE; place = after(slots, place)) {
    const slot = slots[place] as number
    if (isBetween(gap, homeOf(slots, numberAt(slot)), place)) continue
    slots[gap] = slot
    gap = place
  }
  slots[gap] = FREE
  table.size--
  if (table.size === 0) clearSights(table)
  else if (table.size < slots.length * EMPTY) resize(table, Math.floor(slots.length / 2))
}

export function clearSights(table: SightTable): void {
  table.slots = NO_SLOTS
  table.size = 0
}

/** Nothing may be put in or taken out meanwhile. */
export function forEachSight({ slots }: SightTable, act: (number: number, sight: Sight) => void): void {
  for (const slot of slots) if (slot !== FREE) act(numberAt(slot), sightAt(slot))
}

function resize(table: SightTable, length: number): void {
  const former = table.slots
  table.slots = new Array<number>(Math.max(LEAST_SLOTS, length)).fill(FREE)
  for (const slot of former) if (slot !== FREE) table.slots[placeOf(table.slots, numberAt(slot))] = slot
}

/** Where a number lies, or would. */
function placeOf(slots: readonly number[], number: number): number {
  let place = homeOf(slots, number)
  for (
    let slot = slots[place] ?? FREE;
    slot !== FREE && numberAt(slot) !== number;
    slot = slots[place] as number
  )
    place = after(slots, place)
  return place
}

function homeOf({ length }: readonly number[], number: number): number {
  return length === 0 ? 0 : (Math.imul(number, GOLDEN) >>> 1) % length
}

function after({ length }: readonly number[], place: number): number {
  return place + 1 === length ? 0 : place + 1
}

/** Whether a home lies behind the gap, on the way to the place: then the entry would not be found in the gap. */
function isBetween(gap: number, home: number, place: number): boolean {
  return gap <= place ? gap < home && home <= place : gap < home || home <= place
}

function numberAt(slot: number): number {
  return slot >>> SIGHT_BITS
}

function sightAt(slot: number): Sight {
  return SIGHTS[slot & SIGHT_MASK] as Sight
}
