// Puts the parts together, kills a node every few seconds, and tells how everybody fares.

import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { startFront } from './front.mjs'
import { startNodes } from './nodes.mjs'
import { startRedis } from './redis.mjs'
import { KILL_EVERY_MS } from './timing.mjs'
import { startUsers } from './witness.mjs'

const NODES = 3
const REPORT_EVERY_MS = 2_000

/**
 * Runs until Ctrl-C, or for so long.
 *
 * @param {string} redisProgram
 * @param {number} durationMs
 * @returns {Promise<boolean>} whether nobody was ever shown falsely offline
 */
export async function runCluster(redisProgram, durationMs) {
  const redis = await startRedis(redisProgram)
  const nodes = startNodes(NODES, redis.port)
  const front = await startFront(nodes.live, Number(process.env.PORT ?? 0))
  while (nodes.live.size < NODES) await wait(20)
  const users = startUsers(front.url)
  console.log(`cluster: ${NODES} nodes behind ${front.url}, Redis on port ${redis.port}  (Ctrl-C ends it)`)

  const startedAt = performance.now()
  let kills = 0
  /** Whoever holds most. */
  const kill = () => {
    const [victim] = [...nodes.live.values()].sort(
      (a, b) => front.connectionsOf(b.name) - front.connectionsOf(a.name),
    )
    if (!victim) return
    kills++
    console.log(
      `${seconds()}  kill -9 ${victim.name}, which held ${front.connectionsOf(victim.name)} connections`,
    )
    victim.kill()
  }
  const report = () => {
    const { all, wrong, inFlight } = users.views()
    const alive = [...nodes.live.keys()].map((name) => `${name}: ${front.connectionsOf(name)}`)
    console.log(
      `${seconds()}  ${alive.join(', ')} connections | ${users.online()} users online | ` +
        `${all} views: ${wrong} wrong, ${inFlight} in flight | ` +
        `false offline: ${users.falseOffline()} | kills: ${kills}`,
    )
  }
  const seconds = () => `${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s`

  const timers = [setInterval(kill, KILL_EVERY_MS), setInterval(report, REPORT_EVERY_MS)]
  await theEnd(durationMs)
  for (const timer of timers) clearInterval(timer)
  report()
  for (const part of [users, front, nodes, redis]) part.stop()
  const shown = users.falseOffline()
  console.log(
    `cluster: ${kills} kills, ${shown === 0 ? 'and nobody was' : `${shown} times somebody was`} shown falsely offline`,
  )
  return shown === 0
}

/** @param {number} durationMs */
async function theEnd(durationMs) {
  const signal = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await (Number.isFinite(durationMs) ? Promise.race([signal, wait(durationMs)]) : signal)
}
