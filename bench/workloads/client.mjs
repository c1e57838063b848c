// W6: a page in Chromium that watches 5,000 users, of whom 1,000 change every second: how much of the main thread that takes,
// and whether any task of it is long.

import { fileURLToPath } from 'node:url'
import { setTimeout as wait } from 'node:timers/promises'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { need, reportSkipped } from '../../.ci/setup.mjs'
import { startChild } from '../support/child.mjs'
import { playRounds } from '../support/rounds.mjs'

const USERS = [5_000]
const PER_SECOND = 1_000
const PEERS = ['by-hand', 'presencekit']
const WARM_UP_MS = 1_000
const SECONDS = 3
const ALL_SECONDS = 15
/** Of what the server has changed, this much at least is heard within the time. */
const LEAST_PART = 0.9
const SERVER_CORE = 0
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-dev-shm-usage',
]

export const figures = [
  { figure: 'share', title: '% of the main thread' },
  { figure: 'script', title: '% in scripts' },
  { figure: 'long', title: 'long tasks' },
  { figure: 'heap', title: 'MB of heap' },
  { figure: 'heard', title: 'changes heard a second' },
]

/** @param {import('../support/rounds.mjs').Plan} plan */
export async function run(plan) {
  const executablePath = need('chromium')
  if (executablePath === undefined) {
    reportSkipped()
    return
  }
  /** @type {Record<string, string>} */
  const scripts = {}
  for (const peer of PEERS) scripts[peer] = await bundle(peer)
  for (const users of plan.users(USERS)) {
    const row = `${users.toLocaleString('en')} subscriptions, 1,000 changes a second`
    await playRounds(plan, 'client', plan.peers(PEERS), async (peer, note) => {
      const server = startChild(
        new URL('../client/server.mjs', import.meta.url),
        { users, scripts },
        SERVER_CORE,
      )
      const browser = await chromium.launch({ executablePath, args: FLAGS })
      try {
        const url = `http://127.0.0.1:${await server.figure('port')}/${peer}?users=${users}`
        note(row, await measure(await browser.newPage(), url, server, plan.full ? ALL_SECONDS : SECONDS))
      } finally {
        await browser.close()
        await server.stop()
      }
    })
  }
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} url
 * @param {import('../support/child.mjs').Child} server
 * @param {number} seconds
 */
async function measure(page, url, server, seconds) {
  /** @type {string[]} */
  const faults = []
  page.on('pageerror', (error) => faults.push(error.message))
  await page.goto(url)
  await page.waitForSelector('body[data-ready]', { state: 'attached' })
  await server.ask('start', PER_SECOND)
  await wait(WARM_UP_MS)
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    const metric = (/** @type {string} */ name) =>
      metrics.find((one) => one.name === name)?.value ?? Number.NaN
    return {
      at: metric('Timestamp'),
      tasks: metric('TaskDuration'),
      scripts: metric('ScriptDuration'),
      heap: metric('JSHeapUsedSize'),
      heard: Number(await page.evaluate('heardSoFar()')),
      changed: await server.figure('changed'),
    }
  }
  const before = await read()
  await wait(seconds * 1_000)
  const after = await read()
  if (faults.length > 0) throw new Error(faults[0])
  const heard = after.heard - before.heard
  if (heard < LEAST_PART * (after.changed - before.changed))
    throw new Error(`Only ${heard} changes were heard`)
  const part = (/** @type {'tasks' | 'scripts'} */ name) =>
    (100 * (after[name] - before[name])) / (after.at - before.at)
  return {
    share: part('tasks'),
    script: part('scripts'),
    long: Number((await page.getAttribute('body', 'data-long')) ?? 0),
    heap: after.heap / 1e6,
    heard: heard / (after.at - before.at),
  }
}

/**
 * With what was built, as an application gets it.
 *
 * @param {string} peer
 */
async function bundle(peer) {
  const path = (/** @type {string} */ file) => fileURLToPath(new URL(`../../${file}`, import.meta.url))
  const { outputFiles } = await build({
    entryPoints: [path(`bench/client/${peer}.mjs`)],
    alias: { 'presencekit/client': path('dist/client/index.js') },
    bundle: true,
    write: false,
    format: 'esm',
    minify: true,
  })
  return outputFiles[0]?.text ?? ''
}
