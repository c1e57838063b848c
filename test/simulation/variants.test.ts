/**
 * What only a server does that tells much, or users with long lists, made to happen in small worlds: it keeps every promise.
 */
import { describe, expect, it } from 'vitest'
import { load } from './bundle.mjs'
import type * as simulationModule from './simulate.ts'

type Simulation = typeof simulationModule

const RUNS = 40
const VARIANTS = {
  'changes always gather for a tenth of a second': [
    {
      file: 'src/server/gathering.ts',
      find: 'return Math.min(Math.max(part, 0), 1)',
      replace: 'return 1',
    },
    // A turn's wait and a session's; what ends them is looked at once in ten milliseconds.
    {
      file: 'test/simulation/waits.ts',
      find: 'GATHERING_MS = 0',
      replace: 'GATHERING_MS = 135 + 12',
    },
  ],
  'each record of a snapshot is a page, one a turn; and lists are judged one by one': [
    { file: 'src/server/snapshot.ts', find: 'PAGE_RECORDS = 500', replace: 'PAGE_RECORDS = 1' },
    { file: 'src/server/flush.ts', find: 'RECORDS_IN_ONE_TURN = 5_000', replace: 'RECORDS_IN_ONE_TURN = 1' },
    { file: 'src/server/contacts/waiting.ts', find: 'STRETCH = 250', replace: 'STRETCH = 1' },
    {
      file: 'src/server/contacts/lanes.ts',
      find: 'STRETCHES_IN_ONE_TURN = 4',
      replace: 'STRETCHES_IN_ONE_TURN = 1',
    },
  ],
}

describe.each(Object.entries(VARIANTS))('%s', (_, replacements) => {
  it.each(['test/simulation/simulate.ts', 'test/simulation/cluster/simulate.ts'])(
    '%s, seeds from 1 on',
    { timeout: 120_000 },
    async (entry) => {
      const { simulate, report } = (await load(entry, ...replacements)) as Simulation
      for (let seed = 1; seed <= RUNS; seed++) {
        const failure = await simulate(seed)
        expect(failure && report(failure)).toBeNull()
      }
    },
  )
})
