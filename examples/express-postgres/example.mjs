// Puts the parts together: the two stores, the schema, the page, and two nodes on them.

import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { buildPage } from './build-page.mjs'
import { loadSchema } from './load.mjs'
import { startStores } from './stores.mjs'

const NODES = 2
const PATIENCE_MS = 5_000
const program = fileURLToPath(new URL('node.mjs', import.meta.url))

/**
 * Runs until Ctrl-C.
 *
 * @param {{ readonly postgres: string, readonly redis: string }} programs
 */
export async function runExample(programs) {
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  const { folder, database, redis, stop } = await startStores(programs)
  const page = join(folder, 'page')
  const { createSchema } = await loadSchema()
  await Promise.all([createSchema(database), buildPage(page)])

  const env = {
    PGHOST: database.host,
    PGUSER: database.user,
    PGDATABASE: database.database,
    REDIS: redis,
    SECRET: randomBytes(32).toString('base64url'),
    PAGE: page,
  }
  const nodes = await Promise.all(Array.from({ length: NODES }, (_, place) => startNode(place, env)))
  console.log(`example: ${nodes.map(({ url }) => url).join(' and ')}  (Ctrl-C ends it)`)
  await ended
  await Promise.all(nodes.map(({ close }) => close()))
  stop()
}

/**
 * @param {number} place
 * @param {NodeJS.ProcessEnv} env
 */
async function startNode(place, env) {
  const port = process.env.PORT ? Number(process.env.PORT) + place : 0
  const child = fork(program, { env: { ...process.env, ...env, PORT: String(port) } })
  const gone = once(child, 'exit')
  const url = await Promise.race([
    once(child, 'message').then(([message]) => String(message)),
    gone.then(([code]) => Promise.reject(new Error(`a node ended with ${String(code)}`))),
  ])
  return {
    url,
    close: async () => {
      child.disconnect()
      await Promise.race([gone, wait(PATIENCE_MS)])
      child.kill('SIGKILL')
    },
  }
}
