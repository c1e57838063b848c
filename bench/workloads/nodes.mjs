// W4: the same ring over two nodes that share a Redis. What counts is the CPU of all three. presencekit keeps the state there,
// so that any node can tell of any user; the naive loop publishes and keeps nothing.

import { playRounds } from '../support/rounds.mjs'
import { openRedis } from '../support/redis.mjs'
import { openTwoNodes } from '../support/two-nodes.mjs'

const USERS = [2_000]
const PEERS = ['naive', 'presencekit']
const ALL_PEERS = [...PEERS, 'socket.io']
const TRANSITIONS = 2_000
const WARM_UP = 2
const PER_SECOND = 200
const SECONDS = 3
const ALL_SECONDS = 10

export const figures = [
  { figure: 'cpu', title: 'CPU of nodes and Redis, µs a notification' },
  { figure: 'redisCpu', title: 'that of Redis, µs a transition' },
  { figure: 'commands', title: 'commands a transition', compared: true },
  { figure: 'redisBytes', title: 'bytes to and from Redis, a transition' },
  { figure: 'ms', title: 'ms until the last has arrived' },
  { figure: 'p50', title: 'latency in ms, median' },
  { figure: 'p99', title: 'latency in ms, p99' },
  { figure: 'perSecond', title: 'commands a second of a node' },
]

/** @param {import('../support/rounds.mjs').Plan} plan */
export async function run(plan) {
  const redis = await openRedis()
  for (const users of plan.users(USERS)) {
    await playRounds(plan, 'nodes', plan.peers(plan.full ? ALL_PEERS : PEERS), (peer, note) =>
      play(redis, peer, users, plan.full ? ALL_SECONDS : SECONDS, (row, given) =>
        note(`${users.toLocaleString('en')} users at two nodes, ${row}`, given),
      ),
    )
  }
  redis.stop()
}

/**
 * @param {import('../support/redis.mjs').BenchRedis} redis
 * @param {string} peer
 * @param {number} users
 * @param {number} seconds
 * @param {import('../support/rounds.mjs').Note} note
 */
async function play(redis, peer, users, seconds, note) {
  const nodes = await openTwoNodes(redis, `${peer}-redis`, users)
  const { crowd } = nodes
  const measure = async (
    /** @type {string} */ row,
    /** @type {number} */ transitions,
    /** @type {() => Promise<import('../support/child.mjs').Figures>} */ act,
  ) => {
    const { nodesCpu = 0, redisCpu = 0, redisBytes = 0, commands = 0, ...given } = await nodes.costOf(act)
    const { notifications = 0, ms = 0, p50, p99 } = given
    note(row, {
      cpu: (nodesCpu + redisCpu) / notifications,
      redisCpu: redisCpu / transitions,
      redisBytes: redisBytes / transitions,
      commands: commands / transitions,
      ms,
      ...(p50 !== undefined && p99 !== undefined && { p50, p99 }),
    })
  }
  try {
    const burst = Math.min(users, TRANSITIONS)
    await crowd.ask('open')
    for (let count = 0; count < WARM_UP; count++) await crowd.ask('burst', burst)
    await measure(`a burst of ${burst.toLocaleString('en')}`, burst, () => crowd.figures('burst', burst))
    await measure('20,000 notifications a second', PER_SECOND * seconds, () =>
      crowd.figures('steady', { transitionsPerSecond: PER_SECOND, seconds }),
    )
    const { commands = 0 } = await nodes.costOf(() => crowd.figures('idle', seconds * 1_000))
    note('idle', { perSecond: commands / seconds / 2 })
  } finally {
    await nodes.close()
  }
}
