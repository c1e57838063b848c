// What an idle connection costs in a minute: of users who each watch a hundred others, all of them online. Everything follows
// T, so with T = 4.5 s what is a minute at T = 60 s takes 4.5 s. Then the comparison, which is the only part that grows with
// how many are watched: the same with it, less the same without.

import { setTimeout as wait } from 'node:timers/promises'
import { openByHand } from '../support/by-hand.mjs'
import { createMeter, difference, map } from '../support/meter.mjs'
import { openNodes } from '../support/nodes.mjs'
import { comeOnline } from '../support/quiet-peer.mjs'
import { createTally } from '../support/tally.mjs'

const NODES = [1, 3]
const USERS = 2_000
const CONTACTS = 100
const T = 4_500
/** By hand nothing follows from how fast a minute passes. */
const MINUTE_BY_HAND_MS = 3_000
/** A connection beats so often in T. */
const BEATS = 3
const ROUNDS = 3
const NEVER_MS = 86_400_000
const COMPARE_MS = 450
const TICK_MS = 10

/**
 * @typedef {import('../support/meter.mjs').Usage} Usage
 * @typedef {{ readonly nodes: number, readonly ours: Usage[], readonly theirs: Usage[] }} Idle
 * @typedef {import('../support/redis.mjs').BenchRedis} BenchRedis
 */

/**
 * @param {BenchRedis} redis
 * @returns {Promise<Idle[]>} of all users together, in a minute
 */
export async function measureIdle(redis) {
  /** @type {Idle[]} */
  const idle = []
  for (const nodes of NODES)
    idle.push({ nodes, ours: await playOurs(redis, nodes, NEVER_MS), theirs: await playTheirs(redis, nodes) })
  return idle
}

/**
 * @param {BenchRedis} redis
 * @param {readonly Idle[]} idle the same without it; first on one node
 * @returns {Promise<Usage[]>} of each 1,000 users who are watched
 */
export async function measureComparison(redis, idle) {
  const rounds = await playOurs(redis, 1, COMPARE_MS)
  return rounds.map((usage, index) => {
    const more = difference(/** @type {Usage} */ (idle[0]?.ours[index]), usage)
    // One read for each 1,000.
    return map(more, (value) => value / more.commands)
  })
}

/**
 * @param {BenchRedis} redis
 * @param {number} count
 * @param {number} compareMs
 */
async function playOurs(redis, count, compareMs) {
  await redis.clear()
  const meter = createMeter(redis.admin)
  const nodes = await openNodes(count, redis, meter, {
    contacts: { contactsOf, symmetric: true },
    heartbeat: { timeoutMs: T },
    compareMs,
  })
  const tally = createTally()
  for (let from = 0; from < USERS; from += CONTACTS) {
    const present = tally.more(CONTACTS * CONTACTS)
    for (let place = from; place < from + CONTACTS; place++)
      comeOnline(nodes.at(place), userAt(place)).onRecords = tally.add
    await present
  }
  await wait(T)
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await meter.measure(1, () => wait(T)))
  if (nodes.ailments().length > 0) throw new Error(`The machine is too busy: ${nodes.ailments().join(' ')}`)
  await nodes.close()
  return rounds
}

/**
 * @param {BenchRedis} redis
 * @param {number} count
 */
async function playTheirs(redis, count) {
  const meter = createMeter(redis.admin)
  const byHand = await openByHand(count, redis, meter, createTally())
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push(
      await meter.measure(1, async () => {
        const startedAt = performance.now()
        for (let beats = 0; beats < USERS * BEATS; ) {
          const due = Math.min(
            USERS * BEATS,
            ((performance.now() - startedAt) / MINUTE_BY_HAND_MS) * USERS * BEATS,
          )
          for (; beats < due; beats++) void byHand.beat(userAt(beats), beats)
          await wait(TICK_MS)
        }
      }),
    )
  }
  byHand.close()
  return rounds
}

/** @param {number} place */
function userAt(place) {
  return `user ${(place + USERS) % USERS}`
}

/** @param {string} user */
function contactsOf(user) {
  const place = Number(user.slice('user '.length))
  return Array.from({ length: CONTACTS }, (_, index) => userAt(place + index - CONTACTS / 2))
}

export const IDLE_USERS = USERS
