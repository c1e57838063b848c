import { describe, expect, it } from 'vitest'
import { countOf, createIdSet, hasId } from '../../src/core/id-set.ts'

describe('a set of ids', () => {
  it.each([0, 1, 8, 9, 1_000])('of %i holds these and no others', (count) => {
    const ids = Array.from({ length: count }, (_, index) => `user ${index}`)
    const set = createIdSet(new Set(ids))
    expect(countOf(set)).toBe(count)
    for (const id of ids) expect(hasId(set, id)).toBe(true)
    expect(hasId(set, `user ${count}`)).toBe(false)
  })

  it('S7: is one of its own, though there be nobody in it', () => {
    const nobody = new Set<string>()
    expect(createIdSet(nobody)).not.toBe(createIdSet(nobody))
  })
})
