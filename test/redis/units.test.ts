/** The parts of the Redis storage that need no Redis. */
import { describe, expect, it } from 'vitest'
import { createDrift } from '../../src/server/redis/drift.ts'
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
  const REFERENCE = 1

  it('is learned from an answer that cannot be otherwise, no further than it must', () => {
    const drift = createDrift(REFERENCE)
    drift.learn(2, 5_000, 1_000, 1_010)
    expect(drift.at(2)).toBe(3_989)
    drift.learn(2, 5_000, 1_000, 1_500)
    expect(drift.at(2)).toBe(3_989)
    drift.learn(2, 1_000, 1_000, 1_010)
    expect(drift.at(2)).toBe(1)
  })

  it('S13: is not learned from an answer that was held up', () => {
    const drift = createDrift(REFERENCE)
    drift.learn(2, 4_000, 1_000, 4_001)
    expect(drift.at(2)).toBe(0)
  })

  it('is none where storage time comes from', () => {
    const drift = createDrift(REFERENCE)
    drift.learn(REFERENCE, 9_000, 1_000, 1_001)
    expect(drift.at(REFERENCE)).toBe(0)
  })
})
