/** Values by number: the same as a `Map`, whatever is put in and taken out. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createNumberMap, dropValue, putValue, valueOf } from '../../src/server/number-map.ts'
import { MOST_NUMBER } from '../../src/server/sight-table.ts'

const numbers = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: MOST_NUMBER - 9, max: MOST_NUMBER }),
)

test('it holds what a Map holds, and nothing once all is taken out', () => {
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 300 }), (steps) => {
      const map = createNumberMap<string>()
      const model = new Map<number, string>()
      for (const number of steps) {
        if (model.delete(number)) dropValue(map, number)
        else {
          putValue(map, number, String(number))
          model.set(number, String(number))
        }
        for (const asked of new Set(steps)) expect(valueOf(map, asked)).toBe(model.get(asked))
      }
      for (const number of model.keys()) dropValue(map, number)
      expect(map.pages.size).toBe(0)
    }),
    { numRuns: 50 },
  )
})
