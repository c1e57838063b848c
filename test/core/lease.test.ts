import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createLease,
  instantOf,
  isLate,
  isOver,
  leaseDeadline,
  loseLease,
  mayWrite,
  noteFlush,
  sessionDeadline,
} from '../../src/core/lease.ts'
import { resolveTiming } from '../../src/core/timing.ts'

/** T = 60 s, F = 5 s, L = 15 s. */
const timing = resolveTiming({}, 4_000)
const instant = fc.integer({ min: 0, max: 2 ** 41 })

describe('a lease', () => {
  it('S13: lets nothing be written before the first flush', () => {
    expect(mayWrite(createLease(), 0, timing)).toBe(false)
  })

  it('S13: holds until L − F after its last good flush was sent, however late that was acknowledged', () => {
    const lease = createLease()
    noteFlush(lease, 1_000)
    expect(mayWrite(lease, 11_000, timing)).toBe(true)
    expect(mayWrite(lease, 11_001, timing)).toBe(false)
  })

  it('S13: an acknowledgement that was overtaken takes nothing back', () => {
    const lease = createLease()
    noteFlush(lease, 6_000)
    noteFlush(lease, 1_000)
    expect(mayWrite(lease, 16_000, timing)).toBe(true)
  })

  it('S13: a node that found its lease gone is fenced until it has flushed again', () => {
    const lease = createLease()
    noteFlush(lease, 1_000)
    loseLease(lease)
    expect(mayWrite(lease, 1_001, timing)).toBe(false)
    noteFlush(lease, 2_000)
    expect(mayWrite(lease, 2_001, timing)).toBe(true)
  })

  it('S13: whoever may still write does so at least F before others take the lease for lapsed', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 20_000 }), (sentAt, afterMs) => {
        const lease = createLease()
        noteFlush(lease, sentAt)
        const now = sentAt + afterMs
        // The storage carried the flush out as it was sent, at the earliest.
        const othersMayClaimAt = leaseDeadline(sentAt, timing)
        if (mayWrite(lease, now, timing)) expect(now + timing.flushMs).toBeLessThanOrEqual(othersMayClaimAt)
      }),
    )
  })
})

describe('what comes late', () => {
  it('S13: changes nothing beyond 0.8 F, to either side', () => {
    expect(isLate(100_000, 104_000, timing)).toBe(false)
    expect(isLate(100_000, 104_001, timing)).toBe(true)
    expect(isLate(104_001, 100_000, timing)).toBe(true)
  })

  it('S6: an instant never lies in the storage’s future, whatever the clocks', () => {
    fc.assert(
      fc.property(instant, instant, fc.nat(), (sentAt, storageNow, ageMs) => {
        expect(instantOf(ageMs, sentAt, storageNow)).toBeLessThanOrEqual(storageNow)
      }),
    )
  })

  it('S6: an age counts from when it was told, not from when it arrived', () => {
    expect(instantOf(2_000, 100_000, 103_000)).toBe(98_000)
  })
})

describe('a deadline', () => {
  it('S1: of a session is T after its last heartbeat', () => {
    const deadline = sessionDeadline(100_000, timing)
    expect(isOver(deadline, 100_000, 159_999, timing)).toBe(false)
    expect(isOver(deadline, 100_000, 160_000, timing)).toBe(true)
  })

  it('S14: is over T + 1 s after it was seen, though the clock that wrote it was an hour ahead', () => {
    const deadline = sessionDeadline(3_700_000, timing)
    expect(isOver(deadline, 100_000, 160_999, timing)).toBe(false)
    expect(isOver(deadline, 100_000, 161_000, timing)).toBe(true)
  })
})
