// Keeps so many nodes running: one that dies is replaced.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {{ readonly name: string, readonly port: number, kill(): void }} Node
 */

const program = fileURLToPath(new URL('node.mjs', import.meta.url))

/**
 * @param {number} count
 * @param {number} redisPort
 */
export function startNodes(count, redisPort) {
  /** @type {Set<import('node:child_process').ChildProcess>} */
  const processes = new Set()
  /** @type {Map<string, Node>} those that take connections */
  const live = new Map()
  let started = 0
  let stopped = false

  const start = () => {
    const name = `node-${++started}`
    const child = fork(program, { env: { ...process.env, REDIS_PORT: String(redisPort) } })
    processes.add(child)
    child.once('message', (/** @type {import('node:net').AddressInfo} */ { port }) => {
      live.set(name, { name, port, kill: () => child.kill('SIGKILL') })
    })
    child.once('exit', () => {
      processes.delete(child)
      live.delete(name)
      if (!stopped) start()
    })
  }
  for (let left = count; left > 0; left--) start()

  return {
    live,
    stop() {
      stopped = true
      for (const child of processes) child.kill()
    },
  }
}
