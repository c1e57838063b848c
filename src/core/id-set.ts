/** Sets of user ids that do not change. Most hold few, for which a `Set` weighs five times as much. */

/** The part of a set that is needed. */
export interface IdSet {
  readonly size: number
  has(id: string): boolean
}

/** So many are looked through as fast as a `Set` finds one. */
const FEW = 8

/** A set of its own, though there be none: see {@link IdSet}. */
export function createIdSet(ids: ReadonlySet<string>): IdSet {
  return ids.size > FEW ? ids : new FewIds(ids)
}

class FewIds implements IdSet {
  readonly #ids: readonly string[]

  constructor(ids: ReadonlySet<string>) {
    this.#ids = [...ids]
  }

  get size(): number {
    return this.#ids.length
  }

  has(id: string): boolean {
    return this.#ids.includes(id)
  }
}
