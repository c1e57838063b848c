/** The simulator is proved by bugs that are put in on purpose: each must be found, by the promise that it breaks. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { load, root } from './bundle.mjs'
import { MUTANTS } from './mutants.ts'
import type * as simulationModule from './simulate.ts'
import { type Failure, replayCommand } from './simulate.ts'

type Simulation = typeof simulationModule

/** A bug that needs more runs than this is not found by chance in CI. */
const MOST_RUNS = 150

async function hunt(simulation: Simulation, from: number): Promise<Failure | null> {
  for (let seed = from; seed < from + MOST_RUNS; seed++) {
    const failure = await simulation.simulate(seed, { shrink: false })
    if (failure) return failure
  }
  return null
}

describe('the simulator finds', () => {
  it.each(MUTANTS)('$name: $why', { timeout: 60_000 }, async (mutant) => {
    const simulation = (await load('test/simulation/simulate.ts', mutant)) as Simulation
    const failure = await hunt(simulation, mutant.seed ?? 1)
    expect(failure, `not found in ${MOST_RUNS} runs`).not.toBeNull()
    if (!failure) return
    expect(mutant.breaks).toContain(failure.promise)
    const replay = replayCommand(failure.seed, mutant.name)
    expect(simulation.report(failure, mutant.name)).toContain(replay)
    process.stdout.write(`${mutant.name}: ${failure.promise}, ${replay}\n`)
  })
})

describe('bugs put in on purpose', () => {
  const places = MUTANTS.flatMap(({ also, ...mutant }) => [mutant, ...(also ? [{ ...mutant, ...also }] : [])])
  it.each(places)('$name has exactly one place in $file', ({ file, find }) => {
    expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2)
  })

  it('are refused where their place is gone', async () => {
    const lost = { file: 'src/core/version.ts', find: 'no such text', replace: '' }
    await expect(load('test/simulation/simulate.ts', lost)).rejects.toThrow('must hold exactly once')
  })
})
