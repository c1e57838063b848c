/**
 * How much of whom a viewer sees. A roster is gone through from its beginning to its end, so it is kept as two lists: on its way to a
 * hundred entries a `Map` takes 7 kB, they take 4, and who stands where they are looked for is found without one. Whoever is asked for
 * by id alone is found by a `Map` that is made then.
 */
import type { Sight } from '../core/visibility.ts'

/** Who is seen, and how much, in the order in which they were put in. Who is not in it is not seen. */
export class Sights {
  readonly ids: string[] = []
  /** Of each at the same place. */
  readonly sights: Sight[] = []
  #byId: Map<string, Sight> | null = null

  constructor(seen: Iterable<readonly [id: string, sight: Sight]> = []) {
    for (const [id, sight] of seen) this.add(id, sight)
  }

  get size(): number {
    return this.ids.length
  }

  /** Puts in somebody who is not in it, before anybody is asked for. */
  add(id: string, sight: Sight): void {
    this.ids.push(id)
    this.sights.push(sight)
  }

  has(id: string): boolean {
    return this.byId().has(id)
  }

  /** @param place - where they stand, if they stand there still */
  of(id: string, place = -1): Sight {
    const there = this.ids[place] === id ? this.sights[place] : this.byId().get(id)
    return there ?? 'nothing'
  }

  /** The same by id; to be copied, not changed. */
  byId(): ReadonlyMap<string, Sight> {
    this.#byId ??= new Map(this.ids.map((id, place) => [id, this.sights[place] as Sight]))
    return this.#byId
  }
}

/** Nobody is seen. */
export const NOBODY: Sights = new Sights()
