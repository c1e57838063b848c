// `npm run check`: all that CI does. Every step runs even when an earlier one failed; the quick ones two at a
// time, the tests alone, since some of them watch the clock.

import { spawn } from 'node:child_process'
import { installPackages, root } from './setup.mjs'

/**
 * @typedef {{ name: string, command: string[], after?: string }} Step
 * @typedef {{ ok: boolean, seconds: number, output: string }} Result
 */

/** @type {readonly Step[]} the longest first; `after` names a step whose result it needs */
const quick = [
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'check:lint'] },
  { name: 'docs', command: ['npm', 'run', '--silent', 'docs'] },
  { name: 'types', command: ['npm', 'run', '--silent', 'check:types'] },
  { name: 'package', command: ['npm', 'run', '--silent', 'check:package'], after: 'build' },
  { name: 'size', command: ['npm', 'run', '--silent', 'check:size'], after: 'build' },
  { name: 'unused', command: ['npm', 'run', '--silent', 'check:unused'] },
  { name: 'text', command: ['npm', 'run', '--silent', 'check:text'] },
  { name: 'format', command: ['npm', 'run', '--silent', 'check:format'] },
]
/** @type {Step} */
const tests = { name: 'tests', command: [process.execPath, '.ci/test.mjs'] }

const startedAt = performance.now()
installPackages()
/** @type {Map<string, Promise<Result>>} */
const results = new Map()
const waiting = [...quick]
await Promise.all([worker(), worker()])
results.set(tests.name, execute(tests, true))

/** @type {string[]} */
const failed = []
const table = []
for (const [name, pending] of results) {
  const { ok, seconds } = await pending
  if (!ok) failed.push(name)
  table.push(`${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s`)
}
console.log(`\n${table.join('\n')}\n      all      ${secondsSince(startedAt).toFixed(1).padStart(6)} s`)
if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0
console.log((await closingLines()).join('\n'))

async function worker() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const result = execute(step, false)
    results.set(step.name, result)
    await result
  }
}

/**
 * @param {Step} step
 * @param {boolean} live whether its output is shown as it comes; else it is shown only when the step fails
 * @returns {Promise<Result>}
 */
async function execute(step, live) {
  if (step.after !== undefined && (await results.get(step.after))?.ok !== true) {
    return { ok: false, seconds: 0, output: '' }
  }
  const since = performance.now()
  const { code, output } = await capture(step.command, live)
  const seconds = secondsSince(since)
  const ok = code === 0
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${step.name} (${seconds.toFixed(1)} s)`)
  if (!ok && !live) console.log(output)
  return { ok, seconds, output }
}

/**
 * @param {string[]} command
 * @param {boolean} live
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function capture([program = '', ...args], live) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      output += chunk.toString()
      if (live) process.stdout.write(chunk)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => resolve({ code: null, output: String(error) }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** The tests' own closing lines, again, so that they are the last of the whole check as well. */
async function closingLines() {
  const output = (await results.get(tests.name))?.output ?? ''
  const lines = output.match(/^tests: \d+ passed, \d+ failed, \d+ skipped$/gm)
  return [...(output.match(/^failed: .+$/gm) ?? []), lines?.at(-1) ?? 'tests: 0 passed, 1 failed, 0 skipped']
}

/** @param {number} since */
function secondsSince(since) {
  return (performance.now() - since) / 1_000
}
