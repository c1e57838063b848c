// W2: connections that do nothing. What each keeps of the memory once the garbage is gone, and what a heartbeat costs together
// with its answer. Of the naive loop these are bare `ws` connections that watch nobody and exchange the same two frames.
//
// Once in A, by default with every third heartbeat, presencekit looks again at whom each user may see. Heartbeats are sped up here
// and that is not, so that it does not fall into the measurement; but for the one peer where it comes as often by heartbeat as by
// default.

import { setTimeout as wait } from 'node:timers/promises'
import { openPair } from '../support/pair.mjs'
import { playRounds } from '../support/rounds.mjs'

const USERS = [2_000]
const ALL_USERS = [10_000]
const NAIVE = 'naive'
/** @type {Readonly<Record<string, import('../load/dialects.mjs').Watches>>} */
const WATCHES = {
  [NAIVE]: 'nobody',
  presencekit: 'roster',
  'presencekit that looks again': 'roster',
  'presencekit by subscriptions': 'subscriptions',
  'presencekit without watching': 'nobody',
}
const PEERS = [NAIVE, 'presencekit', 'presencekit that looks again']
const ALL_PEERS = [...Object.keys(WATCHES), 'uwebsockets', 'socket.io']
/** What is 20 s by default: a minute passes in three seconds, or in six where there are more connections. */
const HEARTBEAT_MS = 1_000
const ALL_HEARTBEAT_MS = 2_000
const BEATS = 3
/** Before they count: by then the code is compiled. */
const WARM_UP_BEATS = 4
/** Fewer would mean that the server does not keep up, or that the bench counts wrong. */
const LEAST_PART = 0.85

export const figures = [
  { figure: 'heap', title: 'heap and buffers, KiB a connection' },
  { figure: 'rss', title: 'resident memory, KiB a connection' },
  { figure: 'cpu', title: 'CPU of a heartbeat and its answer, µs', compared: true },
]

/** @param {import('../support/rounds.mjs').Plan} plan */
export async function run(plan) {
  for (const users of plan.users(plan.full ? ALL_USERS : USERS)) {
    await playRounds(plan, 'idle', plan.peers(plan.full ? ALL_PEERS : PEERS), async (peer, note) =>
      note(
        `${users.toLocaleString('en')} connections`,
        await play(peer, users, plan.full ? ALL_HEARTBEAT_MS : HEARTBEAT_MS),
      ),
    )
  }
}

/**
 * @param {string} name
 * @param {number} users
 * @param {number} heartbeatMs
 */
async function play(name, users, heartbeatMs) {
  const [peer = name] = name.split(' ')
  const looksAgain = name.endsWith('looks again')
  const pair = await openPair(
    { peer, users, heartbeatMs, looksAgain },
    { watches: WATCHES[name] ?? 'roster' },
  )
  try {
    const before = await pair.server.figures('memory')
    await pair.crowd.ask('open')
    await wait(WARM_UP_BEATS * heartbeatMs)
    const idle = () => pair.crowd.figures('idle', BEATS * heartbeatMs)
    const { cpu = 0, heartbeats = 0 } = await pair.costOf(idle)
    // Behind it, for a collection that is asked for is followed by one that is not.
    const after = await pair.server.figures('memory')
    const kept = (/** @type {string} */ kind) => ((after[kind] ?? 0) - (before[kind] ?? 0)) / 1_024 / users
    if (heartbeats < LEAST_PART * BEATS * users) throw new Error(`Only ${heartbeats} heartbeats came`)
    return { heap: kept('heap'), rss: kept('rss'), cpu: cpu / heartbeats, heartbeats }
  } finally {
    await pair.close()
  }
}
