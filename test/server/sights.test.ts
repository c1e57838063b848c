/** How much of whom is seen: by place where they stand there, by id wherever they stand. */
import { expect, test } from 'vitest'
import { NOBODY, Sights } from '../../src/server/sights.ts'

test('who does not stand where they are looked for is found by id, or is not seen', () => {
  const sights = new Sights([
    ['alice', 'exact'],
    ['bob', 'status'],
  ])
  expect([sights.of('alice', 0), sights.of('bob', 1)]).toEqual(['exact', 'status'])
  expect([sights.of('alice', 1), sights.of('bob', 7), sights.of('bob')]).toEqual([
    'exact',
    'status',
    'status',
  ])
  expect([sights.of('carol', 0), sights.of('carol')]).toEqual(['nothing', 'nothing'])
  expect([sights.has('bob'), sights.has('carol'), sights.size]).toEqual([true, false, 2])
  expect([NOBODY.has('alice'), NOBODY.of('alice', 0), NOBODY.size]).toEqual([false, 'nothing', 0])
})
