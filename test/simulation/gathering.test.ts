/** A server that tells much lets changes gather for a tenth of a second. Made to do so always, it keeps every promise. */
import { expect, it } from 'vitest'
import { load } from './bundle.mjs'
import type * as simulationModule from './simulate.ts'

type Simulation = typeof simulationModule

const RUNS = 60
const ALWAYS = [
  {
    file: 'src/server/gathering.ts',
    find: 'LONGEST_MS * Math.min(Math.max(part, 0), 1)',
    replace: 'LONGEST_MS',
  },
  // What ends a wait is looked at once in ten milliseconds.
  {
    file: 'test/simulation/waits.ts',
    find: 'GATHERING_MS = 0',
    replace: 'GATHERING_MS = 100 + 12',
  },
]

it.each(['test/simulation/simulate.ts', 'test/simulation/cluster/simulate.ts'])(
  '%s, seeds from 1 on',
  { timeout: 120_000 },
  async (entry) => {
    const { simulate, report } = (await load(entry, ...ALWAYS)) as Simulation
    for (let seed = 1; seed <= RUNS; seed++) {
      const failure = await simulate(seed)
      expect(failure && report(failure)).toBeNull()
    }
  },
)
