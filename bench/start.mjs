// `npm run bench` runs a short set of the workloads, in less than five minutes; `npm run bench -- all` everything, for hours;
// `npm run bench -- fanout idle` those whose names hold one of the words. README.md tells of the rest. What is measured is written
// down as it comes, and printed as Markdown, in the form in which the docs show it.

import { readdirSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { absenceOf } from './support/peer-packages.mjs'
import { report } from './support/report.mjs'
import { createResults, readResults } from './support/results.mjs'

const cache = join(import.meta.dirname, '../.cache/bench')
const { values: flags, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    full: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    users: { type: 'string' },
    peers: { type: 'string' },
    out: { type: 'string', default: join(cache, 'results.jsonl') },
    plots: { type: 'string', default: cache },
    from: { type: 'string' },
  },
})

/**
 * A workload, which takes a plan and has figures to report; or a bench of its own, which prints what it finds.
 *
 * @typedef {object} Bench
 * @property {(plan?: import('./support/rounds.mjs').Plan) => Promise<void>} run
 * @property {readonly import('./support/report.mjs').Figure[]} [figures]
 * @property {boolean} [long] no part of the short set
 */

const namesIn = (/** @type {string} */ folder) =>
  readdirSync(join(import.meta.dirname, folder))
    .filter((file) => file.endsWith('.mjs') && file !== 'start.mjs')
    .map((file) => file.slice(0, -'.mjs'.length))
const workloads = namesIn('workloads')
const names = [...workloads, ...namesIn('.')]
const all = words.includes('all')
/** @type {{ name: string, bench: Bench }[]} */
const chosen = []
for (const name of names) {
  const isWorkload = workloads.includes(name)
  if (!all && words.length > 0 && !words.some((word) => name.includes(word))) continue
  if (words.length === 0 && !isWorkload) continue
  /** @type {unknown} */
  const module = await import(isWorkload ? `./workloads/${name}.mjs` : `./${name}.mjs`)
  const bench = /** @type {Bench} */ (module)
  if (words.length > 0 || !bench.long) chosen.push({ name, bench })
}
if (chosen.length === 0) {
  console.error(`bench: none of ${names.join(', ')} is called ${words.join(' or ')}`)
  process.exit(1)
}

const full = flags.full || all
const SHORT_ROUNDS = 3
/** Noise is a third on a machine like ours: fewer would not do. */
const FULL_ROUNDS = 7
const results =
  flags.from === undefined
    ? createResults(flags.out)
    : { lines: readResults(flags.from), record: () => undefined }
/** @type {import('./support/rounds.mjs').Plan} */
const plan = {
  full,
  rounds: Number(flags.rounds ?? (full ? FULL_ROUNDS : SHORT_ROUNDS)),
  users: (otherwise) => flags.users?.split(',').map(Number) ?? otherwise,
  peers: (otherwise) =>
    (flags.peers?.split(',').filter((peer) => otherwise.includes(peer)) ?? otherwise).filter(isHere),
  record: results.record,
}

/** @param {string} peer */
function isHere(peer) {
  const reason = absenceOf(peer)
  if (reason !== null) console.log(`skipped: ${peer} (${reason})`)
  return reason === null
}

console.log(`${os.type()} ${os.release()}, ${os.cpus().length} cores, Node ${process.version.slice(1)}`)
for (const { name, bench } of chosen) {
  const linesOfIt = () => results.lines.filter((line) => line.bench === name)
  if (flags.from !== undefined && linesOfIt().length === 0) continue
  console.log(`\n# ${name}`)
  if (flags.from === undefined) await bench.run(plan)
  if (bench.figures) report(linesOfIt(), bench.figures, flags.plots)
}
process.exit(results.lines.some(({ failed }) => failed !== undefined) ? 1 : 0)
