// With vitest.
import { describe, test } from 'vitest'
import { busSuite, storageSuite } from 'presencekit/testing'
import { options } from '../../examples/storage/open.ts'

describe('my storage', () => {
  for (const { name, run } of [...storageSuite(options), ...busSuite(options)]) test(name, run, 10_000)
})
