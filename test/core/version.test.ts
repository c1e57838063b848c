import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNewer, NO_VERSION, nextVersion } from '../../src/core/version.ts'

/** Nodes that write. */
const A = 0.25
const B = 0.75

const anyVersion = fc.record({ epoch: fc.nat({ max: 3 }), version: fc.nat({ max: 3 }) })

describe('isNewer', () => {
  it('S3: looks at the epoch first, then at the version', () => {
    expect(isNewer({ epoch: 1, version: 2 }, { epoch: 1, version: 1 })).toBe(true)
    expect(isNewer({ epoch: 2, version: 0 }, { epoch: 1, version: 9 })).toBe(true)
    expect(isNewer({ epoch: 1, version: 9 }, { epoch: 2, version: 0 })).toBe(false)
  })

  it('S11: takes the same record told twice for news once', () => {
    expect(isNewer({ epoch: 1, version: 1 }, { epoch: 1, version: 1 })).toBe(false)
  })

  it('is a strict order: of two that differ exactly one is newer, and it carries over', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        const same = a.epoch === b.epoch && a.version === b.version
        expect(Number(isNewer(a, b)) + Number(isNewer(b, a))).toBe(same ? 0 : 1)
        if (isNewer(a, b) && isNewer(b, c)) expect(isNewer(a, c)).toBe(true)
      }),
    )
  })
})

describe('nextVersion', () => {
  it('S3: always rises, whatever the storage’s clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e12, max: 1e13, noNaN: true })), (times) => {
        let version = NO_VERSION
        for (const now of times) {
          const next = nextVersion(version, now, A)
          expect(next).toBeGreaterThan(version)
          expect(Number.isSafeInteger(next)).toBe(true)
          version = next
        }
      }),
    )
  })

  it('S3: is ahead of what a failover lost, if a millisecond has passed for each lost write', () => {
    const lost = nextVersion(nextVersion(NO_VERSION, 1_000, A), 1_000, A)
    expect(nextVersion(NO_VERSION, 1_002, B)).toBeGreaterThan(lost)
  })

  it('S15: is not given again by another node, where the clock was stepped back and a failover lost some writes', () => {
    const writes = fc.integer({ min: 1, max: 20 })
    const times = fc.integer({ min: -1e12, max: 5e8 })
    fc.assert(
      fc.property(writes, writes, times, (lost, since, now) => {
        const write = (count: number, writer: number): number[] => {
          const versions = [1e9]
          for (let i = 0; i < count; i++) versions.push(nextVersion(versions.at(-1) ?? 0, now, writer))
          return versions.slice(1)
        }
        expect(write(since, B).filter((version) => write(lost, A).includes(version))).toEqual([])
      }),
    )
  })

  it('is not so far ahead of a clock that was stepped back that a change a second would leave it behind for ever', () => {
    let version = 5_000_000
    for (let now = 1_000_000; now < 20_000_000; now += 2_000) version = nextVersion(version, now, A)
    expect(version).toBe(19_998_000)
  })

  it('is the storage’s time where that is ahead', () => {
    expect(nextVersion(5, 1_000.9, A)).toBe(1_000)
    expect(nextVersion(1_000, 1_000.9, A)).toBe(1_001)
  })
})
