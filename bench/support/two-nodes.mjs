// Two nodes and their Redis on one core, and the crowd, half of it at each, on the other.

import { spawnSync } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { startChild } from './child.mjs'

const NODES = [0, 1]
const SERVER_CORE = 0
const CROWD_CORE = 1
/** What is still under way when the last notification has arrived. */
const AFTERWARDS_MS = 100
const serve = new URL('../servers/serve.mjs', import.meta.url)
const generate = new URL('../load/generator.mjs', import.meta.url)

/** @typedef {import('./child.mjs').Figures} Figures */

/**
 * @param {import('./redis.mjs').BenchRedis} redis
 * @param {string} peer
 * @param {number} users
 */
export async function openTwoNodes(redis, peer, users) {
  await redis.clear()
  const pid = /process_id:(\d+)/.exec(await redis.admin.info('server'))?.[1] ?? ''
  spawnSync('taskset', ['-acp', String(SERVER_CORE), pid])
  const nodes = NODES.map((node) =>
    startChild(serve, { peer, users, node, redisPort: redis.port }, SERVER_CORE),
  )
  const ports = await Promise.all(nodes.map((node) => node.figure('ready')))
  const dialect = peer.startsWith('socket.io') ? 'socket.io' : 'presence'
  const crowd = startChild(generate, { ports, users, dialect }, CROWD_CORE)

  const read = async () => {
    const info = `${await redis.admin.info('cpu')}${await redis.admin.info('stats')}`
    const number = (/** @type {RegExp} */ pattern) => Number(pattern.exec(info)?.[1] ?? 0)
    const cpus = await Promise.all(nodes.map((node) => node.figure('cpu')))
    const commands = await Promise.all(nodes.map((node) => node.figure('commands')))
    return {
      nodesCpu: sum(cpus),
      redisCpu: 1e6 * (number(/used_cpu_sys:(\S+)/) + number(/used_cpu_user:(\S+)/)),
      redisBytes: number(/total_net_input_bytes:(\d+)/) + number(/total_net_output_bytes:(\d+)/),
      commands: sum(commands),
    }
  }
  return {
    crowd,
    /**
     * @param {() => Promise<Figures>} act
     * @returns {Promise<Figures>} what it gave, and what it cost nodes and Redis
     */
    async costOf(act) {
      const before = await read()
      const given = await act()
      await wait(AFTERWARDS_MS)
      const after = await read()
      return {
        ...given,
        nodesCpu: after.nodesCpu - before.nodesCpu,
        redisCpu: after.redisCpu - before.redisCpu,
        redisBytes: after.redisBytes - before.redisBytes,
        commands: after.commands - before.commands,
      }
    },
    async close() {
      await Promise.all([...nodes, crowd].map((child) => child.stop()))
    },
  }
}

/** @param {readonly number[]} values */
function sum(values) {
  return values.reduce((all, value) => all + value, 0)
}
