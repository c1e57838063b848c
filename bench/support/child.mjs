// A part of a bench in a process of its own, on a core of its own: both ends. A part answers questions by name, one at a time.

import { fork, spawnSync } from 'node:child_process'

/** Everything a bench waits for comes sooner, even on a busy machine. */
const PATIENCE_MS = 300_000
/** However this ends, they do not stay behind. @type {Set<import('node:child_process').ChildProcess>} */
const alive = new Set()
process.once('exit', () => {
  for (const child of alive) child.kill()
})
const canPin = spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** @typedef {Record<string, number>} Figures */
/** @typedef {ReturnType<typeof startChild>} Child */

/**
 * @param {URL} program
 * @param {object} settings handed over as its first argument
 * @param {number} core
 */
export function startChild(program, settings, core) {
  const pinned = canPin ? { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath] } : {}
  const child = fork(program, [JSON.stringify(settings)], { ...pinned, serialization: 'advanced' })
  alive.add(child)
  /** @type {Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>} */
  const waiting = new Map()
  let asked = 0
  const fail = (/** @type {string} */ why) => {
    for (const { reject } of waiting.values())
      reject(new Error(`${program.pathname.split('/').at(-1)} ${why}`))
    waiting.clear()
  }
  child.on(
    'message',
    (/** @type {{ id: number, value?: unknown, error?: string }} */ { id, value, error }) => {
      const question = waiting.get(id)
      waiting.delete(id)
      if (error === undefined) question?.resolve(value)
      else question?.reject(new Error(error))
    },
  )
  child.once('exit', (code) => {
    alive.delete(child)
    fail(`ended with ${code}`)
  })

  /**
   * @param {string} name
   * @param {unknown} [details]
   * @returns {Promise<unknown>}
   */
  const ask = (name, details) =>
    new Promise((resolve, reject) => {
      const id = asked++
      const timer = setTimeout(() => fail(`gave no answer to ${name}`), PATIENCE_MS)
      const settle = (/** @type {() => void} */ end) => {
        clearTimeout(timer)
        end()
      }
      waiting.set(id, {
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      })
      child.send({ id, name, details })
    })
  return {
    ask,
    /** @param {string} name @param {unknown} [details] */
    figure: async (name, details) => Number(await ask(name, details)),
    /** @param {string} name @param {unknown} [details] */
    figures: async (name, details) => /** @type {Figures} */ (await ask(name, details)),
    async stop() {
      if (child.exitCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** What the part was started with. @returns {unknown} */
export function settingsOfChild() {
  return JSON.parse(process.argv[2] ?? '{}')
}

/**
 * Answers what is asked.
 *
 * @param {Record<string, (details: never) => unknown>} answers
 */
export function answerParent(answers) {
  const answer = async (
    /** @type {{ id: number, name: string, details: unknown }} */ { id, name, details },
  ) => {
    try {
      process.send?.({ id, value: await answers[name]?.(/** @type {never} */ (details)) })
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? error.message : String(error) })
    }
  }
  process.on('message', (question) => void answer(/** @type {never} */ (question)))
  process.on('disconnect', () => process.exit())
}
