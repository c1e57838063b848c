/** The embedded storage beyond its contract, to which the conformance suite holds it. */
import { expect, test } from 'vitest'
import { EMPTY_RECORD } from '../../src/core/record.ts'
import { memoryStorage } from '../../src/server/index.ts'
import { createFakeClock } from '../../src/testing/index.ts'

const STAMP = { sentAt: 0, toleranceMs: Number.POSITIVE_INFINITY }
const swap = { id: 'a', expected: { epoch: 1, version: 0 }, version: 1, record: EMPTY_RECORD }

test('it never loses anything, so there is no hold, and serves one node', () => {
  const storage = memoryStorage()
  expect(storage).toMatchObject({ recoveryMs: 0 })
  expect([storage.nodes, storage.bus]).toEqual([undefined, undefined])
})

test('two servers share nothing: each storage is its own', async () => {
  const [one, two] = [memoryStorage(), memoryStorage()]
  await one.swap([swap], STAMP)
  expect(await two.read(['a'])).toMatchObject({ records: [{ version: 0, record: null }] })
})

test('it answers at once, without a promise', () => {
  const storage = memoryStorage({ clock: createFakeClock() })
  expect(storage.swap([swap], STAMP)).toMatchObject({ results: ['done'] })
  expect(storage.read(['a'])).toMatchObject({ records: [{ version: 1 }] })
})

test.each([
  [1_000, 'done'],
  [1_000.5, 'late'],
  [-1_000, 'done'],
  [-1_001, 'late'],
])('a swap that was sent %d ms from now is %s at a tolerance of a second', (offsetMs, expected) => {
  const clock = createFakeClock()
  const stamp = { sentAt: clock.time() + offsetMs, toleranceMs: 1_000 }
  expect(memoryStorage({ clock }).swap([swap], stamp)).toMatchObject({ results: [expected] })
})
