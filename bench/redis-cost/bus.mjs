// What a message between two nodes costs a Redis Cluster: plain Pub/Sub, which the master that takes it passes on to every
// other one, and sharded Pub/Sub, which is what redisStorage uses there.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../../examples/cluster/redis.mjs'
import { createMeter } from '../support/meter.mjs'
import { openRedis } from '../support/redis.mjs'
import { createTally } from '../support/tally.mjs'

const MASTERS = 3
const SLOTS = 16_384
const MESSAGES = 3_000
const ROUNDS = 3
const MESSAGE = 'x'.repeat(300)
const CHANNEL = 'presencekit:{bus:node}'
/** Until the masters know of each other, and of the subscription. */
const PATIENCE_MS = 20

/**
 * @typedef {import('../support/redis.mjs').BenchRedis} BenchRedis
 * @typedef {'publish' | 'spublish'} Command
 */

/** @returns {Promise<Record<Command, number[]>>} CPU of each message, on all masters together, by round */
export async function measureBus() {
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-bench-'))
  const servers = await openCluster(folder)
  const owner = await ownerOf(servers)
  /** @type {Record<Command, number[]>} */
  const cost = { publish: [], spublish: [] }
  const tally = createTally()
  const subscriber = owner.createClient()
  subscriber.on('message', () => tally.add(1))
  subscriber.on('smessage', () => tally.add(1))
  await subscriber.connect()
  await subscriber.subscribe(CHANNEL)
  await subscriber.ssubscribe(CHANNEL)
  for (let round = 0; round < ROUNDS; round++) {
    for (const command of /** @type {const} */ (['publish', 'spublish']))
      cost[command].push(await measure(servers, owner, command, tally))
  }
  subscriber.disconnect()
  for (const server of servers) server.stop()
  rmSync(folder, { recursive: true, force: true })
  return cost
}

/**
 * @param {readonly BenchRedis[]} servers
 * @param {BenchRedis} owner
 * @param {Command} command
 * @param {ReturnType<typeof createTally>} tally
 */
async function measure(servers, owner, command, tally) {
  const publish = async () => {
    const heard = tally.more(MESSAGES)
    for (let sent = 0; sent < MESSAGES; sent++) void owner.admin.call(command, CHANNEL, MESSAGE)
    await heard
    // The others may still be busy with what was passed on.
    await wait(5 * PATIENCE_MS)
  }
  // Each measurement runs within that of the next server.
  let micros = 0
  const nested = servers.reduce(
    (act, server) => async () => {
      const { redisMicros } = await createMeter(server.admin).measure(MESSAGES, act)
      micros += redisMicros
    },
    publish,
  )
  await nested()
  return micros
}

/** @param {string} folder */
async function openCluster(folder) {
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
    if (index > 0) await first.server.admin.call('cluster', 'meet', '127.0.0.1', server.port, busPort)
  }
  const servers = opened.map(({ server }) => server)
  while (!(await isWhole(servers))) await wait(PATIENCE_MS)
  return servers
}

/** @param {readonly BenchRedis[]} servers */
async function isWhole(servers) {
  const infos = await Promise.all(servers.map(({ admin }) => admin.cluster('INFO')))
  return infos.every(
    (info) => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${MASTERS}`),
  )
}

/**
 * The master that has the slot of our channel.
 *
 * @param {readonly BenchRedis[]} servers
 */
async function ownerOf(servers) {
  const outcomes = await Promise.all(
    servers.map((server) =>
      server.admin.exists(CHANNEL).then(
        () => server,
        () => null,
      ),
    ),
  )
  const owner = outcomes.find((server) => server !== null)
  if (!owner) throw new Error('Nobody has the slot')
  return owner
}
