// Writes how many tests passed, failed and were skipped, and which failed, to the file that COUNTS_FILE names.
// Kept apart from what vitest prints, so that our closing lines depend on no wording of its own.

import { writeFileSync } from 'node:fs'

export default class CountsReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly import('vitest').SerializedError[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    /** @type {string[]} */
    const failures = []
    /**
     * @param {string} name
     * @param {readonly { message: string }[]} errors
     */
    const fail = (name, errors) => {
      counts.failed += 1
      failures.push(`${name}: ${errors[0]?.message.split('\n')[0] ?? 'no reason given'}`)
    }
    for (const error of unhandledErrors) fail('outside of any test', [error])
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        if (state === 'passed' || state === 'skipped') counts[state] += 1
        else fail(`${module.relativeModuleId} > ${test.fullName}`, errors ?? [])
      }
      // A file that could not be loaded, or a hook of a suite that threw, has no failed test to show for it.
      for (const error of module.errors()) fail(module.relativeModuleId, [error])
      for (const suite of module.children.allSuites()) {
        for (const error of suite.errors()) fail(`${module.relativeModuleId} > ${suite.fullName}`, [error])
      }
    }
    const file = process.env.COUNTS_FILE
    if (file !== undefined) writeFileSync(file, JSON.stringify({ ...counts, failures }))
  }
}
