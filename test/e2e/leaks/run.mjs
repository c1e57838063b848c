// Runs one TypeScript file of this folder in a process of its own: `node run.mjs rounds.ts`.
import { load } from '../../simulation/bundle.mjs'

await load(`test/e2e/leaks/${process.argv[2] ?? ''}`)
