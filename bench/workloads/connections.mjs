// So many connections as one process may have open files here, less some for itself: what each costs, and whether changes still
// arrive.

import { openPair } from '../support/pair.mjs'
import { playRounds } from '../support/rounds.mjs'

const CONNECTIONS = [19_000]
const PEERS = ['naive', 'presencekit']
const TRANSITIONS = 2_000

/** Takes long: only where all is asked for, or this by name. */
export const long = true

export const figures = [
  { figure: 'rss', title: 'resident memory, KiB a connection' },
  { figure: 'heap', title: 'heap and buffers, KiB a connection' },
  { figure: 'open', title: 's until all know all' },
  { figure: 'cpu', title: 'CPU of the server in a burst, µs a notification' },
]

/** @param {import('../support/rounds.mjs').Plan} plan */
export async function run(plan) {
  for (const users of plan.users(CONNECTIONS)) {
    await playRounds(plan, 'connections', plan.peers(PEERS), async (peer, note) =>
      note(`${users.toLocaleString('en')} connections`, await play(peer, users)),
    )
  }
}

/**
 * @param {string} peer
 * @param {number} users
 */
async function play(peer, users) {
  const pair = await openPair({ peer, users })
  try {
    const before = await pair.server.figures('memory')
    const { ms = 0 } = await pair.crowd.figures('open')
    const after = await pair.server.figures('memory')
    const kept = (/** @type {string} */ kind) => ((after[kind] ?? 0) - (before[kind] ?? 0)) / 1_024 / users
    const burst = await pair.costOf(() => pair.crowd.figures('burst', Math.min(users, TRANSITIONS)))
    const { cpu = 0, notifications = 0 } = burst
    return { heap: kept('heap'), rss: kept('rss'), open: ms / 1e3, cpu: cpu / notifications }
  } finally {
    await pair.close()
  }
}
