import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PresenceError } from '../../src/core/errors.ts'
import { resolveTiming, type TimingOptions } from '../../src/core/timing.ts'

/** What Redis may need: twice its command timeout, and the cap of its own backing off. */
const REDIS_RECOVERY_MS = 4_000

function refusal(options: TimingOptions, recoveryMs = REDIS_RECOVERY_MS): PresenceError {
  try {
    resolveTiming(options, recoveryMs)
  } catch (error) {
    if (error instanceof PresenceError) return error
    throw error
  }
  throw new Error(`Not refused: ${JSON.stringify(options)}`)
}

describe('the defaults', () => {
  const table = {
    timeoutMs: 60_000,
    intervalMs: 20_000,
    clientTimeoutMs: 30_000,
    graceMs: 8_000,
    publishDelayMs: 0,
    flushMs: 5_000,
    sweepMs: 5_000,
    leaseMs: 15_000,
    compareMs: 60_000,
    recoveryHoldMs: 20_000,
  }

  it('are those of the contract at T = 60 s, which is the default itself', () => {
    expect(resolveTiming({}, REDIS_RECOVERY_MS)).toEqual(table)
    expect(resolveTiming({ heartbeat: { timeoutMs: 60_000 } }, REDIS_RECOVERY_MS)).toEqual(table)
  })

  it('follow T', () => {
    expect(resolveTiming({ heartbeat: { timeoutMs: 24_000 } }, REDIS_RECOVERY_MS)).toEqual({
      timeoutMs: 24_000,
      intervalMs: 8_000,
      clientTimeoutMs: 12_000,
      graceMs: 6_000,
      publishDelayMs: 0,
      flushMs: 2_000,
      sweepMs: 2_000,
      leaseMs: 6_000,
      compareMs: 24_000,
      recoveryHoldMs: 8_000,
    })
  })

  it('hold as long as a slow storage needs', () => {
    expect(resolveTiming({ heartbeat: { timeoutMs: 6_000 } }, REDIS_RECOVERY_MS).recoveryHoldMs).toBe(5_000)
    expect(resolveTiming({}, 30_000).recoveryHoldMs).toBe(40_000)
  })

  it('hold nothing where the storage cannot lose anything', () => {
    expect(resolveTiming({}, 0).recoveryHoldMs).toBe(0)
  })

  it('lengthen the lease to three flushes', () => {
    expect(resolveTiming({ flushMs: 6_000 }, 0).leaseMs).toBe(18_000)
  })

  it('work at every T, with and without a storage that may lose', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 86_400_000 }),
        fc.constantFrom(0, 4_000, 60_000),
        (timeoutMs, recovery) => {
          resolveTiming({ heartbeat: { timeoutMs } }, recovery)
        },
      ),
    )
  })

  it('give way to what is given', () => {
    const given: TimingOptions = {
      heartbeat: { timeoutMs: 60_000, intervalMs: 10_000, clientTimeoutMs: 25_000 },
      graceMs: 0,
      publishDelayMs: 5_000,
      flushMs: 2_000,
      sweepMs: 3_000,
      leaseMs: 12_000,
      compareMs: 90_000,
      recoveryHoldMs: 30_000,
    }
    const { heartbeat, ...rest } = given
    expect(resolveTiming(given, REDIS_RECOVERY_MS)).toEqual({ ...heartbeat, ...rest })
  })
})

describe('what cannot work', () => {
  it.each([
    ['C1: T ≥ 2.2 H + F', 'heartbeat.intervalMs', { heartbeat: { intervalMs: 25_001 } }],
    ['C3: R ≥ 2 F + recoveryMs', 'recoveryHoldMs', { recoveryHoldMs: 13_999 }],
    ['C3: a hold of 0 over a storage that may lose', 'recoveryHoldMs', { recoveryHoldMs: 0 }],
    ['C4: 1.1 H < Tc', 'heartbeat.clientTimeoutMs', { heartbeat: { clientTimeoutMs: 21_999 } }],
    ['C4: Tc + 1.1 H + F ≤ T', 'heartbeat.clientTimeoutMs', { heartbeat: { clientTimeoutMs: 33_001 } }],
    ['C5: 0 ≤ g', 'graceMs', { graceMs: -1 }],
    ['C5: g < T', 'graceMs', { graceMs: 60_000 }],
    ['C6: F + W ≤ T/4, by the flush', 'flushMs', { flushMs: 10_001 }],
    ['C6: F + W ≤ T/4, by the sweep', 'sweepMs', { sweepMs: 10_001 }],
    ['C7: 3 F ≤ L', 'leaseMs', { leaseMs: 14_999 }],
    ['C7: L ≤ T − 1.1 H − F', 'leaseMs', { leaseMs: 33_001 }],
  ] as const)('%s is refused, naming %s, its range and the value', (rule, option, options) => {
    const error = refusal(options)
    expect(error.code).toBe('CONFIG')
    expect(error.message).toContain(option)
    expect(error.message).toMatch(/from \S+ to \S+/)
    const given = Object.values('heartbeat' in options ? options.heartbeat : options)[0]
    // The sum is named where two options break a rule together.
    if (!rule.startsWith('C6')) expect(error.message).toContain(String(given))
    // A value below its own range is refused before any rule is looked at.
    if (given !== -1) expect(error.message).toContain(rule.slice(0, 3))
  })

  it('C2: leaves the outage that goes unnoticed longer than nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 86_400_000 }), (timeoutMs) => {
        const { intervalMs, flushMs } = resolveTiming({ heartbeat: { timeoutMs } }, 0)
        expect(timeoutMs - 1.1 * intervalMs - flushMs).toBeGreaterThan(timeoutMs / 2)
      }),
    )
  })

  it.each([
    // The very edge of C1 leaves no room between the two sides of C4.
    ['C1, all but', { heartbeat: { intervalMs: 24_990, clientTimeoutMs: 27_500 } }],
    ['C3', { recoveryHoldMs: 14_000 }],
    ['C4 above', { heartbeat: { clientTimeoutMs: 33_000 } }],
    ['C5 below', { graceMs: 0 }],
    ['C5 above', { graceMs: 59_999 }],
    ['C6', { sweepMs: 10_000 }],
    ['C7 below', { leaseMs: 15_000 }],
    ['C7 above', { leaseMs: 33_000 }],
  ] as const)('%s is taken at its very edge', (_, options) => {
    expect(() => resolveTiming(options, REDIS_RECOVERY_MS)).not.toThrow()
  })

  const options: Readonly<Record<string, (value: number) => TimingOptions>> = {
    'heartbeat.timeoutMs': (timeoutMs) => ({ heartbeat: { timeoutMs } }),
    'heartbeat.intervalMs': (intervalMs) => ({ heartbeat: { intervalMs } }),
    'heartbeat.clientTimeoutMs': (clientTimeoutMs) => ({ heartbeat: { clientTimeoutMs } }),
    graceMs: (graceMs) => ({ graceMs }),
    flushMs: (flushMs) => ({ flushMs }),
    sweepMs: (sweepMs) => ({ sweepMs }),
    leaseMs: (leaseMs) => ({ leaseMs }),
    compareMs: (compareMs) => ({ compareMs }),
    recoveryHoldMs: (recoveryHoldMs) => ({ recoveryHoldMs }),
  }
  it.each(Object.keys(options))('%s: no duration is refused by name', (option) => {
    for (const wrong of [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -1,
      86_400_001,
      '5000',
      null,
      {},
      60_000n,
      () => 1,
    ]) {
      const error = refusal(options[option]?.(wrong as number) ?? {})
      expect(error.code).toBe('CONFIG')
      expect(error.message.startsWith(`${option}: `)).toBe(true)
    }
  })

  it('T has a least', () => {
    expect(refusal({ heartbeat: { timeoutMs: 99 } }).message).toContain('heartbeat.timeoutMs')
    expect(() => resolveTiming({ heartbeat: { timeoutMs: 100 } }, 0)).not.toThrow()
  })

  it('whatever is taken keeps every condition', () => {
    const some = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined })
    const anyOptions = fc.record({
      timeoutMs: fc.integer({ min: 100, max: 1_000 }),
      intervalMs: some(600),
      clientTimeoutMs: some(1_000),
      graceMs: some(1_100),
      flushMs: some(200),
      sweepMs: some(200),
      leaseMs: some(1_000),
      recoveryHoldMs: some(1_000),
      recoveryMs: fc.constantFrom(0, 50),
    })
    let taken = 0
    fc.assert(
      fc.property(anyOptions, ({ timeoutMs, intervalMs, clientTimeoutMs, recoveryMs, ...rest }) => {
        const given = { heartbeat: { timeoutMs, intervalMs, clientTimeoutMs }, ...rest } as TimingOptions
        let timing: ReturnType<typeof resolveTiming>
        try {
          timing = resolveTiming(given, recoveryMs)
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONFIG' })
          return
        }
        taken++
        const {
          timeoutMs: T,
          intervalMs: H,
          clientTimeoutMs: Tc,
          graceMs: g,
          flushMs: F,
          sweepMs: W,
          leaseMs: L,
        } = timing
        const tiny = 1e-5
        expect(T - 2.2 * H - F, 'C1').toBeGreaterThanOrEqual(-tiny)
        if (recoveryMs > 0)
          expect(timing.recoveryHoldMs, 'C3').toBeGreaterThanOrEqual(2 * F + recoveryMs - tiny)
        expect(Tc - 1.1 * H, 'C4').toBeGreaterThanOrEqual(-tiny)
        expect(T - Tc - 1.1 * H - F, 'C4').toBeGreaterThanOrEqual(-tiny)
        expect(g >= 0 && g < T, 'C5').toBe(true)
        expect(T / 4 - F - W, 'C6').toBeGreaterThanOrEqual(-tiny)
        expect(L - 3 * F, 'C7').toBeGreaterThanOrEqual(-tiny)
        expect(T - 1.1 * H - F - L, 'C7').toBeGreaterThanOrEqual(-tiny)
      }),
      { numRuns: 3_000 },
    )
    expect(taken).toBeGreaterThan(20)
  })
})
