// Starts the demo: `npm run demo`, from the root of the repository, installs and builds what it needs first.
// PORT, HOST, SEED, DEMO_TIMEOUT_MS and DEMO_GRACE_MS change what their names say.

import { loadDemo } from './load.mjs'

const DEFAULT_PORT = 5180
const { PORT, HOST, SEED, DEMO_TIMEOUT_MS, DEMO_GRACE_MS } = process.env
const { startDemo } = await loadDemo()

/** @param {number} port */
const start = (port) =>
  startDemo({
    // The tokens are toys: other machines are let in only by whoever says so.
    host: HOST ?? 'localhost',
    port,
    seed: Number(SEED ?? 7),
    timeoutMs: Number(DEMO_TIMEOUT_MS ?? 15_000),
    graceMs: Number(DEMO_GRACE_MS ?? 3_000),
  })

/** @param {unknown} error */
const isTaken = (error) => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

const demo = await start(Number(PORT ?? DEFAULT_PORT)).catch((/** @type {unknown} */ error) => {
  if (!isTaken(error)) throw error
  // A port that was asked for by name is wanted; ours is only a habit.
  if (PORT === undefined) return start(0)
  console.error(`demo: port ${PORT} is taken`)
  process.exit(1)
})
console.log(`demo: ${demo.url}  (Ctrl-C ends it)`)

let ending = false
const end = () => {
  if (ending) process.exit(1)
  ending = true
  void demo.close().then(() => process.exit(0))
}
process.on('SIGINT', end)
process.on('SIGTERM', end)
