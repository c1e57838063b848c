// `npm run simulate`: worlds from seeds, one after the other, until a promise breaks or all have kept them.
//
//   npm run simulate                                    a thousand, from a seed that is printed
//   npm run simulate -- --seed 123                      this one; where it fails, smaller and with its trace
//   npm run simulate -- --seed 1 --runs 10000           these
//   npm run simulate -- --nodes                         the same of several nodes on one storage
//   npm run simulate -- --seed 7 --mutant no-grace      with a bug put in; all are listed by a name that is none

import { parseArgs } from 'node:util'
import { load } from './bundle.mjs'

/** @typedef {typeof import('./simulate.ts')} Simulation */
/** @typedef {typeof import('./mutants.ts')} Mutants */

const { values } = parseArgs({
  options: {
    nodes: { type: 'boolean', default: false },
    seed: { type: 'string' },
    runs: { type: 'string' },
    mutant: { type: 'string' },
    trace: { type: 'boolean', default: true },
  },
})
const folder = values.nodes ? 'test/simulation/cluster' : 'test/simulation'
const from = wholeNumber('seed', values.seed ?? String(Math.floor(Math.random() * 2 ** 31)))
const runs = wholeNumber('runs', values.runs ?? (values.seed === undefined ? '1000' : '1'))
const mutant = values.mutant === undefined ? undefined : await findMutant(values.mutant)
const { play, report, simulate } = /** @type {Simulation} */ (await load(`${folder}/simulate.ts`, mutant))

say(`simulating ${runs} from seed ${from}${mutant ? ` with the bug ${mutant.name}: ${mutant.why}` : ''}`)
const startedAt = performance.now()
for (let seed = from; seed < from + runs; seed++) {
  const failure = await simulate(seed)
  if (!failure) continue
  if (values.trace) await play(failure.run, say).catch(() => undefined)
  say(`\n${report(failure, mutant?.name)}`)
  process.exit(1)
}
const seconds = (performance.now() - startedAt) / 1_000
say(`${runs} runs kept every promise, ${(runs / seconds).toFixed(1)} a second`)

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`)
}

/** @param {string} message */
function fail(message) {
  say(message)
  return process.exit(2)
}

/**
 * @param {string} name
 * @param {string} given
 */
function wholeNumber(name, given) {
  return /^\d{1,10}$/.test(given) ? Number(given) : fail(`--${name} takes a whole number, not ${given}`)
}

/** @param {string} name */
async function findMutant(name) {
  const { MUTANTS } = /** @type {Mutants} */ (await load(`${folder}/mutants.ts`))
  const names = MUTANTS.map((mutant) => mutant.name)
  return MUTANTS.find((mutant) => mutant.name === name) ?? fail(`--mutant takes one of: ${names.join(', ')}`)
}
