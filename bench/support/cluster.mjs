// A Redis Cluster of three masters for a bench, without replicas.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { freePort } from '../../examples/cluster/redis.mjs'
import { createMeter } from './meter.mjs'
import { openRedis } from './redis.mjs'

const MASTERS = 3
const SLOTS = 16_384
const HOST = '127.0.0.1'
const POLL_MS = 20

/** @typedef {import('./redis.mjs').BenchRedis} BenchRedis */

export async function openCluster() {
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-bench-'))
  const servers = await openMasters(folder)
  while (!(await isWhole(servers))) await wait(POLL_MS)
  return {
    createClient: () =>
      new Cluster(
        servers.map(({ port }) => ({ host: HOST, port })),
        { lazyConnect: true },
      ),
    /** The master that has the slot of a key. @param {string} key */
    ownerOf: (key) => ownerOf(servers, key),
    /**
     * CPU in µs of all masters together for each of so many units.
     *
     * @param {number} units
     * @param {() => Promise<unknown>} act
     */
    async measure(units, act) {
      let micros = 0
      // Each measurement runs within that of the next server.
      const nested = servers.reduce(
        (inner, { admin }) =>
          async () => {
            const { redisMicros } = await createMeter(admin).measure(units, inner)
            micros += redisMicros
          },
        act,
      )
      await nested()
      return micros
    },
    stop() {
      for (const server of servers) server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** @param {string} folder */
async function openMasters(folder) {
  const opened = await Promise.all(
    Array.from({ length: MASTERS }, async (_, index) => {
      const busPort = await freePort()
      const file = join(folder, `${index}.conf`)
      const options = [
        '--cluster-enabled',
        'yes',
        '--cluster-config-file',
        file,
        '--cluster-port',
        String(busPort),
      ]
      return { server: await openRedis(options), busPort }
    }),
  )
  const [first] = opened
  if (!first) return []
  for (const [index, { server, busPort }] of opened.entries()) {
    const from = Math.ceil((index * SLOTS) / MASTERS)
    const to = Math.ceil(((index + 1) * SLOTS) / MASTERS) - 1
    await server.admin.cluster('ADDSLOTSRANGE', from, to)
    await server.admin.cluster('SET-CONFIG-EPOCH', index + 1)
    if (index > 0) await first.server.admin.call('cluster', 'meet', HOST, server.port, busPort)
  }
  return opened.map(({ server }) => server)
}

/** @param {readonly BenchRedis[]} servers */
async function isWhole(servers) {
  const infos = await Promise.all(servers.map(({ admin }) => admin.cluster('INFO')))
  return infos.every(
    (info) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${MASTERS}`),
  )
}

/**
 * @param {readonly BenchRedis[]} servers
 * @param {string} key
 */
async function ownerOf(servers, key) {
  const outcomes = await Promise.all(
    servers.map((server) =>
      server.admin.exists(key).then(
        () => server,
        () => null,
      ),
    ),
  )
  const owner = outcomes.find((server) => server !== null)
  if (!owner) throw new Error('Nobody has the slot')
  return owner
}
