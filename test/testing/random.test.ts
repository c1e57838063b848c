import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/testing/random.ts'

const draw = (seed: number, count = 5): number[] => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => random.next())
}

describe('createRandom', () => {
  it('gives the same sequence for the same seed', () => {
    expect(draw(42)).toEqual(draw(42))
  })

  it('gives other sequences for other seeds, however near', () => {
    const firsts = [0, 1, 2, -1, 0.5, 0.25, 2 ** 32, 2 ** 53].map((seed) => draw(seed, 1)[0])
    expect(new Set(firsts).size).toBe(firsts.length)
  })

  it('is uniform in [0, 1)', () => {
    const buckets = new Array<number>(10).fill(0)
    const values = draw(7, 100_000)
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
    for (const value of values) {
      const bucket = Math.floor(value * 10)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('draws whole numbers with both ends included', () => {
    const random = createRandom(3)
    const drawn = new Set(Array.from({ length: 1_000 }, () => random.integer(-1, 2)))
    expect([...drawn].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2])
    expect(random.integer(5, 5)).toBe(5)
  })

  it('picks every item, and throws where there is none', () => {
    const random = createRandom(4)
    const drawn = new Set(Array.from({ length: 200 }, () => random.pick(['a', 'b', 'c'])))
    expect(drawn).toEqual(new Set(['a', 'b', 'c']))
    expect(() => random.pick([])).toThrow(RangeError)
  })

  it('gives chances by their probability', () => {
    const random = createRandom(5)
    const share = Array.from({ length: 10_000 }, () => random.chance(0.2)).filter(Boolean).length / 10_000
    expect(share).toBeGreaterThan(0.18)
    expect(share).toBeLessThan(0.22)
    expect(Array.from({ length: 100 }, () => random.chance(0))).not.toContain(true)
    expect(Array.from({ length: 100 }, () => random.chance(1))).not.toContain(false)
  })

  it('forks a source that does not shift its own', () => {
    const [one, other] = [createRandom(9), createRandom(9)]
    const fork = one.fork()
    other.fork()
    const forked = Array.from({ length: 5 }, () => fork.next())
    expect(one.next()).toBe(other.next())
    expect(forked).not.toContain(one.next())
  })
})
