/** Sets of user ids that do not change. Most hold few, or none, and for these a `Set` weighs five times as much as a list. */
export type IdSet = readonly string[] | ReadonlySet<string>

/** So many are looked through as fast as a `Set` finds one. */
const FEW = 8

/** A set of its own each time, though there be nobody in it: one for all would always be at hand, and tell by the clock whose it is. */
export function createIdSet(ids: ReadonlySet<string>): IdSet {
  return ids.size > FEW ? ids : [...ids]
}

export function hasId(ids: IdSet, id: string): boolean {
  return isFew(ids) ? ids.includes(id) : ids.has(id)
}

export function countOf(ids: IdSet): number {
  return isFew(ids) ? ids.length : ids.size
}

function isFew(ids: IdSet): ids is readonly string[] {
  return Array.isArray(ids)
}
