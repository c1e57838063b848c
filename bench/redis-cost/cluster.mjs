// What a Redis Cluster of three masters pays, all of them together: for a message between two nodes, by plain Pub/Sub, which
// the master that takes it passes on to every other one, and by sharded Pub/Sub, which is what redisStorage uses there; for a
// read of 100 users, which is a command for each bucket that they fall into; and for the flush of a node.

import { setTimeout as wait } from 'node:timers/promises'
import { redisStorage } from 'presencekit/redis'
import { openCluster } from '../support/cluster.mjs'
import { createTally } from '../support/tally.mjs'

const ROUNDS = 3
const MESSAGES = 3_000
const MESSAGE = 'x'.repeat(300)
const CHANNEL = 'presencekit:{bus:node}'
/** The others may still be busy with what was passed on. */
const AFTERWARDS_MS = 100
const CALLS = 100
const READ_IDS = Array.from({ length: 100 }, (_, index) => `user ${index}`)

/**
 * @typedef {Awaited<ReturnType<typeof openCluster>>} BenchCluster
 * @typedef {'publish' | 'spublish' | 'read' | 'flush'} What
 */

/** @returns {Promise<Record<What, number[]>>} CPU in µs of each, by round */
export async function measureCluster() {
  const cluster = await openCluster()
  const bus = await openBus(cluster)
  const storage = await openStorage(cluster)
  /** @type {Record<What, number[]>} */
  const cost = { publish: [], spublish: [], read: [], flush: [] }
  for (let round = 0; round < ROUNDS; round++) {
    cost.publish.push(await cluster.measure(MESSAGES, () => bus.flood('publish')))
    cost.spublish.push(await cluster.measure(MESSAGES, () => bus.flood('spublish')))
    cost.read.push(await cluster.measure(CALLS, () => storage.again(storage.read)))
    cost.flush.push(await cluster.measure(CALLS, () => storage.again(storage.flush)))
  }
  bus.close()
  await storage.close()
  cluster.stop()
  return cost
}

/** @param {BenchCluster} cluster */
async function openBus(cluster) {
  const tally = createTally()
  const { admin, createClient } = await cluster.ownerOf(CHANNEL)
  const subscriber = createClient()
  await subscriber.connect()
  for (const event of ['message', 'smessage']) subscriber.on(event, () => tally.add(1))
  await subscriber.subscribe(CHANNEL)
  await subscriber.ssubscribe(CHANNEL)
  return {
    /** @param {'publish' | 'spublish'} command */
    async flood(command) {
      const heard = tally.more(MESSAGES)
      for (let sent = 0; sent < MESSAGES; sent++) void admin.call(command, CHANNEL, MESSAGE)
      await heard
      await wait(AFTERWARDS_MS)
    },
    close: () => subscriber.disconnect(),
  }
}

/** @param {BenchCluster} cluster */
async function openStorage(cluster) {
  const storage = redisStorage({ client: cluster.createClient() })
  const flush = (first = false) =>
    storage.nodes.flush({
      incarnation: 'n.1',
      first,
      leaseMs: 60_000,
      silent: [],
      gone: [],
      sentAt: Date.now(),
      toleranceMs: 60_000,
    })
  await flush(true)
  return {
    read: () => storage.read(READ_IDS),
    flush: () => flush(),
    /** @param {() => unknown} call */
    async again(call) {
      for (let calls = 0; calls < CALLS; calls++) await call()
    },
    close: () => storage.close(),
  }
}
