// `npm test`: what the tests need, then the tests, then one plain line that any CI understands.
// Arguments go to vitest: `npm test -- test/core`.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inCi, installPackages, need, reportSkipped, run, skipped } from './setup.mjs'

installPackages()
const chromium = need('chromium')
const redis = need('redis')
const postgres = need('postgres')
need('cc')

const folder = mkdtempSync(join(tmpdir(), 'presencekit-counts-'))
const file = join(folder, 'counts.json')
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', '.ci/vitest.config.ts']
const reporters = ['--reporter=default', '--reporter=./.ci/counts-reporter.mjs']
const succeeded = run(process.execPath, [...vitest, ...reporters, ...process.argv.slice(2)], {
  COUNTS_FILE: file,
  ...(chromium === undefined ? {} : { CHROMIUM_PATH: chromium }),
  ...(redis === undefined ? {} : { REDIS_PATH: redis }),
  ...(postgres === undefined ? {} : { POSTGRES_PATH: postgres }),
})
const counts = readCounts()
rmSync(folder, { recursive: true, force: true })

const ran = counts.passed + counts.failed > 0
if (!ran) console.error('tests: nothing ran')
if (!succeeded && counts.failed === 0) counts.failed = 1
reportSkipped()
const unwelcomeSkip = inCi && (counts.skipped > 0 || skipped.length > 0)
if (unwelcomeSkip) console.error('tests: with CI=true a skip counts as a failure')
for (const failure of counts.failures) console.log(`failed: ${failure}`)
process.exitCode = succeeded && ran && counts.failed === 0 && !unwelcomeSkip ? 0 : 1
console.log(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)

/**
 * @typedef {{ passed: number, failed: number, skipped: number, failures: readonly string[] }} Counts
 * @returns {Counts}
 */
function readCounts() {
  try {
    const read = /** @type {unknown} */ (JSON.parse(readFileSync(file, 'utf8')))
    return /** @type {Counts} */ (read)
  } catch {
    return { passed: 0, failed: 0, skipped: 0, failures: [] }
  }
}
