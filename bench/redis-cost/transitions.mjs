// What a transition costs: of users with so many contacts, a third of them online, spread over the nodes. Users come, change
// and leave one after the other, each when all contacts have heard of the one before; and once all change at once.

import { openByHand } from '../support/by-hand.mjs'
import { createMeter } from '../support/meter.mjs'
import { openNodes } from '../support/nodes.mjs'
import { comeOnline } from '../support/quiet-peer.mjs'
import { createTally } from '../support/tally.mjs'
import { createPeople } from './people.mjs'

const NODES = [1, 3]
const CONTACTS = [20, 100, 500]
const MOVERS = 30
const ROUNDS = 5
/** The first warms up, and does not count. */
const WARM_UP = 1
/** Nothing that is due by the clock falls into a measurement. */
const TIMEOUT_MS = 600_000

/**
 * @typedef {import('../support/meter.mjs').Usage} Usage
 * @typedef {'come' | 'change' | 'leave' | 'crowd'} Phase `crowd`: all change at once
 * @typedef {{ readonly ours: Record<Phase, Usage>, readonly theirs: Record<Phase, Usage> }} Round
 * @typedef {{ readonly nodes: number, readonly contacts: number, readonly rounds: readonly Round[] }} Scenario
 */

/**
 * @param {import('../support/redis.mjs').BenchRedis} redis
 * @returns {Promise<Scenario[]>}
 */
export async function measureTransitions(redis) {
  /** @type {Scenario[]} */
  const scenarios = []
  for (const nodes of NODES) {
    for (const contacts of CONTACTS)
      scenarios.push({ nodes, contacts, rounds: await playRounds(redis, nodes, contacts) })
  }
  return scenarios
}

/**
 * @param {import('../support/redis.mjs').BenchRedis} redis
 * @param {number} nodes
 * @param {number} count
 */
async function playRounds(redis, nodes, count) {
  await redis.clear()
  const meter = createMeter(redis.admin)
  const people = createPeople(MOVERS, count, ROUNDS + WARM_UP)
  const ours = await openOurs(redis, meter, nodes, people)
  const theirs = await openTheirs(redis, meter, nodes, people)
  const rounds = []
  for (let round = 0; round < people.rounds; round++) {
    const movers = people.movers(round)
    rounds.push({
      ours: await playRound(meter, movers, ours),
      theirs: await playRound(meter, movers, theirs),
    })
  }
  await ours.close()
  theirs.close()
  return rounds.slice(WARM_UP)
}

/**
 * One kind of presence, ours or the one by hand.
 *
 * @typedef {object} Side
 * @property {(user: string) => void} come
 * @property {(user: string, status: string) => void} change
 * @property {(user: string) => void} leave
 * @property {ReturnType<typeof createTally>} tally how much all contacts have heard so far
 * @property {number} audience how many hear of each transition
 */

/**
 * @param {ReturnType<typeof createMeter>} meter
 * @param {readonly string[]} movers
 * @param {Side} side
 * @returns {Promise<Record<Phase, Usage>>}
 */
async function playRound(meter, movers, side) {
  const { tally, audience } = side
  const oneByOne = (/** @type {(user: string) => void} */ act) =>
    meter.measure(movers.length, async () => {
      for (const user of movers) {
        const heard = tally.more(audience)
        act(user)
        await heard
      }
    })
  const allAtOnce = (/** @type {(user: string) => void} */ act) =>
    meter.measure(movers.length, async () => {
      const heard = tally.more(audience * movers.length)
      for (const user of movers) act(user)
      await heard
    })
  return {
    come: await oneByOne((user) => side.come(user)),
    change: await oneByOne((user) => side.change(user, 'away')),
    crowd: await allAtOnce((user) => side.change(user, 'online')),
    leave: await oneByOne((user) => side.leave(user)),
  }
}

/**
 * @param {import('../support/redis.mjs').BenchRedis} redis
 * @param {ReturnType<typeof createMeter>} meter
 * @param {number} count
 * @param {import('./people.mjs').People} people
 */
async function openOurs(redis, meter, count, { online, audience, rounds, contactsOf }) {
  const nodes = await openNodes(count, redis, meter, {
    contacts: { contactsOf, symmetric: true },
    heartbeat: { timeoutMs: TIMEOUT_MS },
  })
  const tally = createTally()
  const present = tally.more(online.length * rounds)
  for (const [index, user] of online.entries()) comeOnline(nodes.at(index), user).onRecords = tally.add
  await present
  /** @type {Map<string, import('../support/quiet-peer.mjs').Peer>} */
  const movers = new Map()
  const say = (/** @type {string} */ user, /** @type {string} */ status) =>
    movers.get(user)?.say({ type: 'PRESENCE_UPDATE', status })
  return {
    come: (/** @type {string} */ user) => void movers.set(user, comeOnline(nodes.at(0), user)),
    change: say,
    leave: (/** @type {string} */ user) => say(user, 'offline'),
    tally,
    audience,
    close: () => nodes.close(),
  }
}

/**
 * @param {import('../support/redis.mjs').BenchRedis} redis
 * @param {ReturnType<typeof createMeter>} meter
 * @param {number} count
 * @param {import('./people.mjs').People} people
 */
async function openTheirs(redis, meter, count, { online, audience, contactsOf }) {
  const tally = createTally()
  const byHand = await openByHand(count, redis, meter, tally)
  await Promise.all(online.map((user, index) => byHand.watch(user, index)))
  return {
    come: (/** @type {string} */ user) => void byHand.come(user, contactsOf(user)),
    change: (/** @type {string} */ user, /** @type {string} */ status) =>
      void byHand.change(user, status, contactsOf(user)),
    leave: (/** @type {string} */ user) => void byHand.change(user, 'offline', contactsOf(user)),
    tally,
    audience,
    close: byHand.close,
  }
}
