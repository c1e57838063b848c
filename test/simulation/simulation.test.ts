/**
 * The shipped server and clients in seeded worlds. A few hundred runs here, as many as wanted by `npm run simulate`;
 * a seed that fails is replayed, made smaller and explained by the command that its failure prints.
 */
import { describe, expect, it } from 'vitest'
import { type Run, play, report, simulate } from './simulate.ts'

/** Seeds that broke a promise once, and what they found. */
const FOUND = [
  [2, 'ANSWER: a report with a ref was answered without it, and sent again every ten seconds'],
  [55, 'S9: a goodbye during the announcement was lost with its connection'],
  [240, 'TIDY: a link whose client gave up before it was refused stayed'],
  [1049, 'S4: whoever subscribed between a change and its return kept what lay between'],
  [1103, 'S2, S6: a server held up for a moment judged sessions whose answers lay unread'],
  [1240, 'S11: with the clock put back every write showed an invisible user'],
  [1374, 'S6: a last seen encoded before the clock was put back was sent after it'],
  [3100, 'S12: a swap that was applied again brought a superseded session back'],
  [
    6961,
    'S6: an answer on its way at a step of the clock told the time before it; the simulator allowed no time',
  ],
  [
    180397159,
    'S11: who subscribed to somebody of their roster was told twice, where they were judged again meanwhile',
  ],
] as const

/** Enough for each kind of fault to meet each kind of timing. */
const RUNS = 240
const SEEDS_A_TEST = 40

async function expectKept(seed: number): Promise<void> {
  const failure = await simulate(seed)
  expect(failure && report(failure)).toBeNull()
}

describe('seeds that found a bug', () => {
  it.each(FOUND)('%i, %s', async (seed) => {
    await expectKept(seed)
  })
})

describe('every promise is kept after every step', () => {
  const blocks = Array.from({ length: RUNS / SEEDS_A_TEST }, (_, block) => 1 + block * SEEDS_A_TEST)
  it.each(blocks)(`seeds from %i on, ${SEEDS_A_TEST} of them`, { timeout: 120_000 }, async (first) => {
    for (let seed = first; seed < first + SEEDS_A_TEST; seed++) await expectKept(seed)
  })

  const fresh = Math.floor(Math.random() * 2 ** 31)
  it(`fresh seeds from ${fresh} on, ${SEEDS_A_TEST} of them`, { timeout: 120_000 }, async () => {
    for (let seed = fresh; seed < fresh + SEEDS_A_TEST; seed++) await expectKept(seed)
  })
})

describe('a run is the same each time', () => {
  it('down to the last frame', async () => {
    const trace = async (): Promise<string[]> => {
      const lines: string[] = []
      await play(RUN, (line) => lines.push(withoutIds(line)))
      return lines
    }
    const first = await trace()
    expect(first.length).toBeGreaterThan(100)
    expect(await trace()).toEqual(first)
  })
})

/** Those of sessions, and that of the node. */
const IDS = /(?<![\w-])[\w-]{22}(?![\w-])|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** Session ids are drawn from the platform's chance; nothing depends on them. */
function withoutIds(line: string): string {
  return line.replace(IDS, 'id')
}

const RUN: Run = {
  setup: {
    seed: 7,
    timeoutMs: 6_000,
    graceMs: null,
    devices: [2, 1, 3],
    graph: -1,
    symmetric: false,
    selective: false,
    storage: 'failing',
    contacts: 'late',
    latencyMs: 200,
    delayMs: [20, 400],
    changesPerMinute: 60,
    browser: true,
    queueSoftBytes: 262_144,
  },
  script: [0, 1, 2, 3, 4, 5].map((device) => ({
    operation: { type: 'watchContacts', device } as const,
    ms: 700,
    graces: 0,
    timeouts: 0.35,
  })),
}
