/** The parts of the Redis storage that need no Redis. */
import { describe, expect, it } from 'vitest'
import { adjusted } from '../../src/server/redis/drift.ts'
import { bucketOf, createKeys } from '../../src/server/redis/keys.ts'
import { crc16, evenTags, slotOf } from '../../src/server/redis/slot.ts'
import { STRANGE_IDS } from '../corpus/strange-but-valid.ts'

describe('slots', () => {
  it('are those of Redis: the check value, tags, and what is no tag', () => {
    expect(crc16('123456789')).toBe(0x31c3)
    expect(slotOf('foo{bar}{zap}')).toBe(slotOf('bar'))
    expect(slotOf('foo{{bar}}zap')).toBe(slotOf('{bar'))
    expect(slotOf('foo{}{bar}')).toBe(crc16('foo{}{bar}') % 16_384)
    expect(slotOf('foo}{')).toBe(crc16('foo}{') % 16_384)
    expect(slotOf('{é}')).toBe(crc16('é') % 16_384)
  })

  it('of the buckets lie 64 apart, wherever a user’s id has braces', () => {
    expect(evenTags(256).map((tag) => crc16(tag) % 16_384)).toEqual(
      Array.from({ length: 256 }, (_, i) => 64 * i),
    )
    const keys = createKeys('presencekit')
    for (const id of STRANGE_IDS) {
      const bucket = bucketOf(id)
      expect(slotOf(keys.record(bucket, id))).toBe(64 * bucket)
      expect(slotOf(keys.epochs[bucket] ?? '')).toBe(64 * bucket)
      expect(slotOf(keys.entry(id))).toBe(slotOf(keys.sessions(id)))
    }
  })

  it('users spread over the buckets', () => {
    const counts = new Uint32Array(256)
    for (let user = 0; user < 25_600; user++) {
      const bucket = bucketOf(`user-${user}`)
      counts[bucket] = (counts[bucket] ?? 0) + 1
    }
    expect(Math.max(...counts)).toBeLessThan(160)
    expect(Math.min(...counts)).toBeGreaterThan(50)
  })
})

describe('drift', () => {
  it('is what two clocks differ by, as closely as it can be known, and changes no further than it must', () => {
    expect(adjusted(0, 5_000, 10)).toBe(4_989)
    expect(adjusted(4_989, 5_000, 400)).toBe(4_989)
    expect(adjusted(4_989, 0, 10)).toBe(11)
    expect(adjusted(0, 0.4, 0)).toBe(0)
  })

  it('S13: is not learned from an answer that was held up', () => {
    expect(adjusted(0, 3_000, 3_000)).toBe(0)
    expect(adjusted(0, -3_000, 3_000)).toBe(0)
  })
})
