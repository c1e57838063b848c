// With the test runner of Node.
import { test } from 'node:test'
import { busSuite, storageSuite } from 'presencekit/testing'
import { options } from './open.ts'

for (const { name, run } of [...storageSuite(options), ...busSuite(options)]) {
  void test(name, { timeout: 10_000 }, run)
}
