// Runs the server of this folder in a process of its own, which can collect its garbage: `node --expose-gc run.mjs`.
import { load } from '../simulation/bundle.mjs'

await load('test/abuse/server-process.ts')
