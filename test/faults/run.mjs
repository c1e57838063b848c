// Runs one TypeScript file of this folder in a process of its own: `node run.mjs node-process.ts`.
import { load } from '../simulation/bundle.mjs'

await load(`test/faults/${process.argv[2] ?? ''}`)
