// Writes how many tests passed, failed and were skipped to the file that COUNTS_FILE names. Kept apart from
// what vitest prints, so that our closing line depends on no wording of its own.

import { writeFileSync } from 'node:fs'

export default class CountsReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        counts[state === 'pending' ? 'failed' : state] += 1
      }
      // A file that could not be loaded, or a hook of a suite that threw, has no failed test to show for it.
      counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
    }
    const file = process.env.COUNTS_FILE
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
  }
}
