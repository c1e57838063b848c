import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cancel,
  createWheel,
  nextTickAt,
  schedule,
  takeDue,
  type Timed,
  type Wheel,
} from '../../src/server/wheel.ts'

interface Item extends Timed {
  readonly name: number
}

const item = (name: number): Item => ({ name, dueAt: 0, slot: null, place: 0 })
/** What is done to the wheel; times are relative to now. */
type Step =
  | { readonly do: 'set'; readonly name: number; readonly inMs: number }
  | { readonly do: 'cancel'; readonly name: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'sleep until asked' }

const delays = fc.oneof(
  fc.integer({ min: -1_000, max: 1_000 }),
  fc.integer({ min: 0, max: 200_000 }),
  fc.double({ min: 0, max: 90_000, noNaN: true }),
  fc.constantFrom(0, 100, 51_100, 51_200, 51_300, 3_600_000, 86_400_000, 1e12),
)
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('set' as const), name: fc.nat(9), inMs: delays }),
    fc.record({ do: fc.constant('cancel' as const), name: fc.nat(9) }),
    fc.record({
      do: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(500), fc.nat(120_000), fc.constantFrom(0, 51_200, 86_400_000)),
    }),
    fc.constant<Step>({ do: 'sleep until asked' }),
  ),
  { maxLength: 60 },
)
const timeouts = fc.constantFrom(100, 1_500, 7_000, 12_345, 60_000, 86_400_000)
const starts = fc.constantFrom(0, 73_421.5, 1e9 + 0.125)

/** Runs the same on the wheel and on a plain list; the list says what must be due, and what must not. */
function check(timeoutMs: number, start: number, script: readonly Step[]): void {
  const wheel = createWheel<Item>(timeoutMs, start)
  const items = Array.from({ length: 10 }, (_, name) => item(name))
  const expected = new Map<Item, number>()
  let now = start
  const look = (): void => {
    const due = takeDue(wheel, now)
    for (const found of due) {
      const dueAt = expected.get(found)
      expect(dueAt, 'was set').toBeDefined()
      expect(dueAt, 'is not early').toBeLessThanOrEqual(now)
      expect(expected.delete(found)).toBe(true)
    }
    for (const dueAt of expected.values()) {
      expect(now - dueAt, 'is a tick late at most').toBeLessThanOrEqual(wheel.tickMs + 1e-6)
    }
    checkNext(wheel, expected, now)
  }
  for (const step of script) {
    if (step.do === 'set') {
      const found = items[step.name] as Item
      schedule(wheel, found, now + step.inMs)
      // What is due already is not early at the next tick.
      expected.set(found, Math.max(now, now + step.inMs))
      checkNext(wheel, expected, now)
    } else if (step.do === 'cancel') {
      cancel(wheel, items[step.name] as Item)
      expected.delete(items[step.name] as Item)
    } else {
      now = step.do === 'pass' ? now + step.ms : Math.max(now, nextTickAt(wheel) ?? now)
      look()
    }
    expect(wheel.size).toBe(expected.size)
  }
  now += 2e12
  look()
  expect(wheel.size).toBe(0)
}

/** Who sleeps until the named time misses nothing. */
function checkNext(wheel: Wheel<Item>, expected: ReadonlyMap<Item, number>, now: number): void {
  const next = nextTickAt(wheel)
  if (expected.size === 0) return expect(next).toBeNull()
  const earliest = Math.max(now, Math.min(...expected.values()))
  expect(next).not.toBeNull()
  expect(next).toBeLessThanOrEqual(earliest + 2 * wheel.tickMs + 1e-6)
}

const timeoutsOfOddTicks = [1_500, 7_000, 12_345, 60_000].map((timeoutMs) => [timeoutMs])

/** The next number that a double can hold. */
function nextUp(value: number): number {
  const bits = new BigUint64Array(new Float64Array([value]).buffer)
  bits[0] = (bits[0] ?? 0n) + 1n
  return new Float64Array(bits.buffer)[0] ?? value
}

describe('the timing wheel', () => {
  test('never fires early and at most a tick late, whatever is set, moved, cancelled and slept through', () => {
    fc.assert(fc.property(timeouts, starts, steps, check), { numRuns: 2_000 })
  })

  test('who sleeps until the time it names gets on: it never asks to be woken for nothing for ever', () => {
    fc.assert(
      fc.property(
        timeouts,
        starts,
        fc.array(delays, { minLength: 1, maxLength: 10 }),
        (timeoutMs, start, inMs) => {
          const wheel = createWheel<Item>(timeoutMs, start)
          inMs.forEach((delay, name) => {
            schedule(wheel, item(name), start + Math.min(delay, 10 * timeoutMs))
          })
          let now = start
          // A wheel of 512 slots turns twelve times at most within ten timeouts of 600 ticks.
          for (let wakes = 0; wheel.size > 0; wakes++) {
            expect(wakes).toBeLessThan(inMs.length * 20 + 20)
            now = Math.max(now, nextTickAt(wheel) ?? now)
            takeDue(wheel, now)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('an item moved while others are taken out is not lost', () => {
    const wheel = createWheel<Item>(60_000, 0)
    const one = item(1)
    schedule(wheel, one, 150)
    schedule(wheel, one, 180)
    schedule(wheel, one, 60_000)
    schedule(wheel, one, 51_350)
    expect(takeDue(wheel, 51_300)).toEqual([])
    expect(takeDue(wheel, 51_400)).toEqual([one])
    expect([wheel.size, one.slot]).toEqual([0, null])
  })

  test('cancelling twice, and what was never set, does no harm', () => {
    const wheel = createWheel<Item>(60_000, 0)
    const one = item(1)
    cancel(wheel, one)
    schedule(wheel, one, 100)
    cancel(wheel, one)
    cancel(wheel, one)
    expect([wheel.size, nextTickAt(wheel)]).toEqual([0, null])
  })

  test.each(timeoutsOfOddTicks)(
    'a hair beyond a tick is not taken for that tick (T = %i ms)',
    (timeoutMs) => {
      const { tickMs } = createWheel<Item>(timeoutMs, 0)
      for (let tick = 1; tick <= 2_000; tick++) {
        const wheel = createWheel<Item>(timeoutMs, tick * tickMs - tickMs / 2)
        const one = item(tick)
        schedule(wheel, one, nextUp(tick * tickMs))
        expect(takeDue(wheel, tick * tickMs)).toEqual([])
        expect(takeDue(wheel, (tick + 1) * tickMs)).toEqual([one])
      }
    },
  )
})
