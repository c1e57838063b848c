/** The simulator of several nodes is proved by bugs that are put in on purpose, as that of one is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './bundle.mjs'
import { MUTANTS } from './cluster/mutants.ts'
import { replayCommand } from './cluster/simulate.ts'
import { hunt } from './hunt.ts'

/** A bug that needs more runs than this is not found by chance in CI. */
const MOST_RUNS = 40

describe('the simulator of several nodes finds', () => {
  it.each(MUTANTS)('$name: $why', { timeout: 120_000 }, async (mutant) => {
    const failure = await hunt('test/simulation/cluster/simulate.ts', mutant, MOST_RUNS)
    expect(failure, `not found in ${MOST_RUNS} runs`).not.toBeNull()
    if (!failure) return
    expect(mutant.breaks).toContain(failure.promise)
    process.stdout.write(`${mutant.name}: ${failure.promise}, ${replayCommand(failure.seed, mutant.name)}\n`)
  })
})

describe('bugs put in on purpose among several nodes', () => {
  it.each(MUTANTS)('$name has exactly one place in $file', ({ file, find }) => {
    expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2)
  })
})
