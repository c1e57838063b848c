/** Bugs that are put in on purpose in what only several nodes need; see test/simulation/mutants.ts. */
import type { Mutant } from '../mutants.ts'

export const MUTANTS: readonly Mutant[] = []
