import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffDelay, retryAfterDelay } from '../../src/core/backoff.ts'

const options = { minDelayMs: 500, maxDelayMs: 30_000 }
const ALMOST_ONE = 1 - Number.EPSILON

describe('backoffDelay', () => {
  it('is drawn evenly from nothing to a ceiling that doubles up to its last', () => {
    const ceilings = [0, 1, 2, 3, 4, 5, 6, 7, 100].map((attempt) =>
      backoffDelay(options, attempt, ALMOST_ONE),
    )
    expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
    expect(backoffDelay(options, 3, 0)).toBe(0)
    expect(backoffDelay(options, 3, 0.25)).toBe(1_000)
  })

  it('slowly: starts at ten times the first step and keeps to the upper half', () => {
    expect(backoffDelay(options, 0, 0, true)).toBe(2_500)
    expect(backoffDelay(options, 0, ALMOST_ONE, true)).toBe(5_000)
    expect(backoffDelay(options, 1, 0, true)).toBe(5_000)
    expect(backoffDelay(options, 9, 0, true)).toBe(15_000)
    expect(backoffDelay(options, 9, ALMOST_ONE, true)).toBe(30_000)
  })

  it('stays whole and within its bounds, however many attempts', () => {
    const anyOptions = fc
      .tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: 100_000 }))
      .map(([minDelayMs, more]) => ({ minDelayMs, maxDelayMs: minDelayMs + more }))
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(
        anyOptions,
        fc.nat({ max: 5_000 }),
        random,
        fc.boolean(),
        (given, attempt, chance, slowly) => {
          const delay = backoffDelay(given, attempt, chance, slowly)
          expect(Number.isInteger(delay)).toBe(true)
          expect(delay).toBeGreaterThanOrEqual(0)
          expect(delay).toBeLessThanOrEqual(given.maxDelayMs)
        },
      ),
    )
  })
})

describe('retryAfterDelay', () => {
  it('L5: is the time that the server named, and up to as much again', () => {
    expect(retryAfterDelay(5_000, 0)).toBe(5_000)
    expect(retryAfterDelay(5_000, 0.5)).toBe(7_500)
    expect(retryAfterDelay(5_000, ALMOST_ONE)).toBe(10_000)
    expect(retryAfterDelay(0, 0.5)).toBe(0)
  })
})
