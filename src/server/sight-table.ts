/**
 * Who sees how much, by number: a map in one array, 5 bytes an entry and 170 for the array, where a `Map` takes 36 an entry. Who watches whom is most of what a
 * node keeps of an idle connection, and most who watch each other do so both ways: so the table of a user holds who sees them, and
 * in the same entries who is on their list.
 *
 * Open addressing: an entry lies in the first free slot from its home on, and what lies behind one that is taken out moves up.
 */
import type { Sight } from '../core/visibility.ts'

export interface SightTable {
  /** A number, whether it is listed, and the place of its sight, in one; or `FREE`. */
  slots: Uint32Array
  /** Slots that are taken, and how many of them have a sight, or are listed. */
  taken: number
  size: number
  listed: number
}

const SIGHTS: readonly (Sight | undefined)[] = [undefined, 'nothing', 'status', 'exact', 'minute', 'bucket']
/** Numbers begin at 1, so no entry is this. */
const FREE = 0
/** Below the number of a slot stands whether it is listed, and below that the place of its sight. */
const NUMBER_SHIFT = 4
const LISTED = 8
const SIGHT_MASK = 7
/**
 * Numbers up to this make slots that are no negative integers where they are put together. Shifted, for a power is a floating number
 * to V8, and so would be all numbers that are reckoned from it: each in a box of its own.
 */
export const MOST_NUMBER = (1 << (31 - NUMBER_SHIFT)) - 1
const NO_SLOTS = new Uint32Array(0)
const LEAST_SLOTS = 16
/** Fuller than this it grows by a half, emptier than this it shrinks to a half. */
const [FULL, EMPTY] = [0.9, 0.25]
const GROWTH = 1.5
/** The golden ratio's fraction of 2^32: numbers that follow each other have their homes far from each other. */
const GOLDEN = 0x9e37_79b1

export function createSightTable(): SightTable {
  return { slots: NO_SLOTS, taken: 0, size: 0, listed: 0 }
}

/** `undefined`: the number has none. */
export function sightIn({ slots }: SightTable, number: number): Sight | undefined {
  return sightAt(slots[placeOf(slots, number)] ?? FREE)
}

/** Gives a number a sight. Gives the one that it had; `undefined`: it had none. */
export function putSight(table: SightTable, number: number, sight: Sight): Sight | undefined {
  const place = takePlace(table, number)
  const slot = table.slots[place] as number
  const former = sightAt(slot)
  if (former === undefined) table.size++
  table.slots[place] = (slot & ~SIGHT_MASK) | SIGHTS.indexOf(sight)
  return former
}

/** Takes a number's sight off, if it has one. */
export function dropSight(table: SightTable, number: number): void {
  if (takeBits(table, number, SIGHT_MASK)) table.size--
}

/** Puts a number on the list, if it is not there. */
export function list(table: SightTable, number: number): void {
  const place = takePlace(table, number)
  const slot = table.slots[place] as number
  if ((slot & LISTED) === 0) table.listed++
  table.slots[place] = slot | LISTED
}

/** Takes a number off the list, if it is there. */
export function unlist(table: SightTable, number: number): void {
  if (takeBits(table, number, LISTED)) table.listed--
}

/** The numbers that are listed. */
export function listedIn({ slots }: SightTable): number[] {
  const numbers: number[] = []
  for (const slot of slots) if ((slot & LISTED) !== 0) numbers.push(numberAt(slot))
  return numbers
}

/** Makes room for so many at once. */
export function makeRoom(table: SightTable, count: number): void {
  if (count > table.slots.length * FULL) resize(table, Math.ceil(count / FULL) + 1)
}

/** The place of a number, where it is put if it is not there. */
function takePlace(table: SightTable, number: number): number {
  let place = placeOf(table.slots, number)
  if ((table.slots[place] ?? FREE) !== FREE) return place
  if (++table.taken > table.slots.length * FULL) {
    resize(table, Math.ceil(table.slots.length * GROWTH))
    place = placeOf(table.slots, number)
  }
  table.slots[place] = number << NUMBER_SHIFT
  return place
}

/** Takes these bits off a number's slot, and the slot out where nothing but the number is left. Says whether there were any. */
function takeBits(table: SightTable, number: number, bits: number): boolean {
  const place = placeOf(table.slots, number)
  const slot = table.slots[place] ?? FREE
  const left = slot & ~bits
  if (left === slot) return false
  if ((left & (LISTED | SIGHT_MASK)) === 0) takeOut(table, place)
  else table.slots[place] = left
  return true
}

function takeOut(table: SightTable, from: number): void {
  const { slots } = table
  let gap = from
  for (let place = after(slots, gap); slots[place] !== FREE; place = after(slots, place)) {
    const slot = slots[place] as number
    if (isBetween(gap, homeOf(slots, numberAt(slot)), place)) continue
    slots[gap] = slot
    gap = place
  }
  slots[gap] = FREE
  table.taken--
  if (table.taken === 0) table.slots = NO_SLOTS
  else if (table.taken < slots.length * EMPTY) resize(table, Math.floor(slots.length / 2))
}

/** Nothing may be put in or taken out meanwhile. */
export function forEachSight({ slots }: SightTable, act: (number: number, sight: Sight) => void): void {
  const { length } = slots
  // An iterator of a typed array makes an object a step, where it is not compiled away.
  for (let place = 0; place < length; place++) {
    const slot = slots[place] as number
    const sight = sightAt(slot)
    if (sight !== undefined) act(numberAt(slot), sight)
  }
}

function resize(table: SightTable, length: number): void {
  const former = table.slots
  const slots = new Uint32Array(Math.max(LEAST_SLOTS, length))
  table.slots = slots
  for (const slot of former) if (slot !== FREE) slots[placeOf(slots, numberAt(slot))] = slot
}

/** Where a number lies, or would. */
function placeOf(slots: Uint32Array, number: number): number {
  let place = homeOf(slots, number)
  for (
    let slot = slots[place] ?? FREE;
    slot !== FREE && numberAt(slot) !== number;
    slot = slots[place] as number
  )
    place = after(slots, place)
  return place
}

function homeOf({ length }: Uint32Array, number: number): number {
  return length === 0 ? 0 : (Math.imul(number, GOLDEN) >>> 1) % length
}

function after({ length }: Uint32Array, place: number): number {
  return place + 1 === length ? 0 : place + 1
}

/** Whether a home lies behind the gap, on the way to the place: then the entry would not be found in the gap. */
function isBetween(gap: number, home: number, place: number): boolean {
  return gap <= place ? gap < home && home <= place : gap < home || home <= place
}

function numberAt(slot: number): number {
  return slot >>> NUMBER_SHIFT
}

function sightAt(slot: number): Sight | undefined {
  return SIGHTS[slot & SIGHT_MASK]
}
