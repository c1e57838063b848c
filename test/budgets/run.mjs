// Runs the work that is counted, in a process of its own: `node --expose-gc run.mjs`.
import { load } from '../simulation/bundle.mjs'

const { work } = /** @type {typeof import('./work.ts')} */ (await load('test/budgets/work.ts'))
process.stdout.write(JSON.stringify(await work()))
