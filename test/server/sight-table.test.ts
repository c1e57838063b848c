import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Sight } from '../../src/core/visibility.ts'
import {
  createSightTable,
  dropSight,
  forEachSight,
  list,
  listedIn,
  MOST_NUMBER,
  putSight,
  sightIn,
  unlist,
  type SightTable,
} from '../../src/server/sight-table.ts'
import { createNumberMap, putValue } from '../../src/server/number-map.ts'
import { freshNumber, type NodeState } from '../../src/server/state.ts'

const sights = fc.constantFrom<Sight>('nothing', 'status', 'exact', 'minute', 'bucket')
/** Near each other, so that they meet; and the greatest that there are. */
const numbers = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: MOST_NUMBER - 9, max: MOST_NUMBER }),
)
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('put' as const), numbers, sights) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('drop' as const), numbers, sights) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('list' as const), numbers, sights) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('unlist' as const), numbers, sights) },
  ),
  { maxLength: 200 },
)

function contentOf(table: SightTable): Map<number, Sight> {
  const content = new Map<number, Sight>()
  forEachSight(table, (number, sight) => {
    expect(content.has(number)).toBe(false)
    content.set(number, sight)
  })
  return content
}

test('it holds what a map and a set would hold', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const table = createSightTable()
      const model = new Map<number, Sight>()
      const onList = new Set<number>()
      for (const [what, number, sight] of taken) {
        if (what === 'put') {
          putSight(table, number, sight)
          model.set(number, sight)
        } else if (what === 'drop') {
          dropSight(table, number)
          model.delete(number)
        } else if (what === 'list') {
          list(table, number)
          onList.add(number)
        } else {
          unlist(table, number)
          onList.delete(number)
        }
        expect(table).toMatchObject({
          size: model.size,
          listed: onList.size,
          taken: new Set([...model.keys(), ...onList]).size,
        })
        expect(sightIn(table, number)).toBe(model.get(number))
      }
      expect(contentOf(table)).toEqual(model)
      expect(new Set(listedIn(table))).toEqual(onList)
      for (const [number, sight] of model) expect(sightIn(table, number)).toBe(sight)
    }),
    { numRuns: 500 },
  )
})

test('it takes room for what it holds, and gives it back', () => {
  const table = createSightTable()
  for (let number = 1; number <= 10_000; number++) putSight(table, number, 'exact')
  expect(table.slots.length).toBeLessThan(20_000)
  for (let number = 1; number <= 9_990; number++) dropSight(table, number)
  expect(table.slots.length).toBeLessThan(100)
  for (let number = 9_991; number <= 10_000; number++) {
    list(table, number)
    dropSight(table, number)
  }
  expect(listedIn(table)).toHaveLength(10)
  for (const number of listedIn(table)) unlist(table, number)
  expect(table.slots.length).toBe(0)
})

test('numbers begin again after the last one, and pass over those in use', () => {
  const node = {
    lastNumber: MOST_NUMBER - 1,
    usersByNumber: createNumberMap<object>(),
    watchedByNumber: createNumberMap<object>(),
  }
  putValue(node.usersByNumber, 1, {})
  putValue(node.watchedByNumber, 2, {})
  expect([1, 2].map(() => freshNumber(node as unknown as NodeState))).toEqual([MOST_NUMBER, 3])
})
