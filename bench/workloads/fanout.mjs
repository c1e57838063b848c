// W1: a ring of users with 100 contacts each. Transitions as fast as possible, at a steady rate, and one at a time.

import { openPair } from '../support/pair.mjs'
import { playRounds } from '../support/rounds.mjs'

const USERS = [2_000]
const ALL_USERS = [2_000, 10_000]
const PEERS = ['naive', 'gathered', 'presencekit']
const ALL_PEERS = [...PEERS, 'preframed', 'gathered-100ms', 'raw', 'raw-c', 'uwebsockets', 'socket.io']
const TRANSITIONS = 2_000
/** Bursts before the one that counts: code is compiled, buffers have grown. */
const WARM_UP = 2
const PER_SECOND = 200
/** At the steady rate: so many for the compiler, which comes to what is done less often later, and so many that count. */
const SECONDS = { unmeasured: 1, measured: 3 }
const ALL_SECONDS = { unmeasured: 15, measured: 15 }
const LONE_UPDATES = 40

export const figures = [
  { figure: 'cpu', title: 'CPU of the server, µs a notification' },
  { figure: 'ms', title: 'ms until the last has arrived' },
  { figure: 'p50', title: 'latency in ms, median' },
  { figure: 'p99', title: 'latency in ms, p99', compared: true },
  { figure: 'bytes', title: 'bytes received, a notification' },
  { figure: 'step', title: 'longest step of the event loop, ms' },
]

/** @param {import('../support/rounds.mjs').Plan} plan */
export async function run(plan) {
  for (const users of plan.users(plan.full ? ALL_USERS : USERS)) {
    await playRounds(plan, 'fanout', plan.peers(plan.full ? ALL_PEERS : PEERS), (peer, note) =>
      play(peer, users, plan.full ? ALL_SECONDS : SECONDS, (row, given) =>
        note(`${users.toLocaleString('en')} users, ${row}`, given),
      ),
    )
  }
}

/**
 * @param {string} peer
 * @param {number} users
 * @param {{ readonly unmeasured: number, readonly measured: number }} seconds
 * @param {import('../support/rounds.mjs').Note} note
 */
async function play(peer, users, seconds, note) {
  const pair = await openPair({ peer, users })
  const { crowd, server } = pair
  const measure = async (
    /** @type {string} */ row,
    /** @type {() => Promise<import('../support/child.mjs').Figures>} */ act,
  ) => {
    await server.ask('watchSteps')
    const { cpu = 0, notifications = 0, bytes = 0, ...rest } = await pair.costOf(act)
    const step = await server.figure('longestStep')
    note(row, { ...rest, notifications, cpu: cpu / notifications, bytes: bytes / notifications, step })
  }
  try {
    const transitions = Math.min(users, TRANSITIONS)
    await crowd.ask('open')
    for (let burst = 0; burst < WARM_UP; burst++) await crowd.ask('burst', transitions)
    await measure(`a burst of ${transitions.toLocaleString('en')}`, () => crowd.figures('burst', transitions))
    const steady = (/** @type {number} */ length) =>
      crowd.figures('steady', { transitionsPerSecond: PER_SECOND, seconds: length })
    await steady(seconds.unmeasured)
    await measure('20,000 notifications a second', () => steady(seconds.measured))
    note('one update at a time', await crowd.figures('lone', LONE_UPDATES))
  } finally {
    await pair.close()
  }
}
