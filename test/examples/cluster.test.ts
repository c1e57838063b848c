/** The sample of docs/adapters.md for a storage in memory. */
import { expect, test } from 'vitest'
import { createFakeClock, createMemoryCluster } from 'presencekit/testing'

const clock = createFakeClock()
const cluster = createMemoryCluster({ clock })
const storage = cluster.storage({
  // Every call passes here: hold it up, lose it, carry it out twice.
  intercept: (call, carryOut) => {
    if (call.method === 'swap') throw new Error('The database is down')
    return carryOut()
  },
})

test('the storage fails where it was told to', () => {
  expect(storage.read(['a'])).toMatchObject({ records: [{ version: 0 }] })
  expect(() => storage.swap([], { sentAt: 0, toleranceMs: 0 })).toThrow('down')
})
