/** Looks for a bug that was put in on purpose: seeds one after the other, until one breaks a promise. */
import { load } from './bundle.mjs'
import type { Mutant } from './mutants.ts'
import type { Failure, SearchOptions } from './search.ts'

/** What a bundle of the simulator exports. */
interface Simulator {
  simulate(seed: number, options?: SearchOptions): Promise<Failure | null>
}

/** The first failure in so many runs; `null`: there is none. */
export async function hunt(entry: string, mutant: Mutant, mostRuns: number): Promise<Failure | null> {
  const { simulate } = (await load(entry, mutant)) as Simulator
  const from = mutant.seed ?? 1
  for (let seed = from; seed < from + mostRuns; seed++) {
    const failure = await simulate(seed, { shrink: false })
    if (failure) return failure
  }
  return null
}
