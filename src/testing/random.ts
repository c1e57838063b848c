/** Chance that can be repeated: the same seed gives the same run, so that a failure found by chance is found again. */

/** A seeded source of chance. Not for secrets. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** A whole number, uniform from `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** One of the items. Throws for an empty list. */
  pick<T>(items: readonly T[]): T
  /** `true` with this probability. */
  chance(probability: number): boolean
  /** A source of its own, so that what is drawn from one does not shift what is drawn from the other. */
  fork(): Random
}

/** The generator needs some rounds before the seed has reached all of its state. */
const WARM_UP_ROUNDS = 16

/**
 * Makes a seeded source of chance (sfc32: 128 bits of state, passes the usual statistical suites).
 *
 * @param seed - any number; each seed gives one sequence
 */
export function createRandom(seed: number): Random {
  const bits = sfc32(seed)
  const next = (): number => bits() / 2 ** 32
  return {
    next,
    integer: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new RangeError('There is nothing to pick from')
      return items[Math.floor(next() * items.length)] as T
    },
    chance: (probability) => next() < probability,
    fork: () => createRandom(bits()),
  }
}

/** Chris Doty-Humphrey's small fast counting generator: 32 random bits a call. */
function sfc32(seed: number): () => number {
  let [a, b] = halves(seed)
  let c = 0x9e3779b9
  let counter = 1
  const bits = (): number => {
    const result = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    return result >>> 0
  }
  for (let round = 0; round < WARM_UP_ROUNDS; round++) bits()
  return bits
}

/** Both halves of the seed's 64 bits, so that seeds that differ at all differ here. */
function halves(seed: number): [number, number] {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, seed)
  return [view.getInt32(0), view.getInt32(4)]
}
