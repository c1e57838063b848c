// W3: everybody comes at once, as after a restart: connects, says who they are, is announced to their contacts and gets what
// there is to know of them, until everybody knows of all their contacts that they are there. The code is cold, as it is then.

import { openPair } from '../support/pair.mjs'
import { playRounds } from '../support/rounds.mjs'

const USERS = [2_000]
const ALL_USERS = [10_000]
const PEERS = ['naive', 'presencekit']
const ALL_PEERS = [...PEERS, 'preframed', 'gathered', 'gathered-100ms', 'uwebsockets', 'socket.io']

export const figures = [
  { figure: 'cpu', title: 'CPU of the server, s' },
  { figure: 'seconds', title: 's until all know all' },
  { figure: 'step', title: 'longest step of the event loop, ms', compared: true },
  { figure: 'states', title: 'records in snapshots' },
  { figure: 'notifications', title: 'notifications besides' },
  { figure: 'megabytes', title: 'MB received' },
]

/** @param {import('../support/rounds.mjs').Plan} plan */
export async function run(plan) {
  for (const users of plan.users(plan.full ? ALL_USERS : USERS)) {
    await playRounds(plan, 'storm', plan.peers(plan.full ? ALL_PEERS : PEERS), async (peer, note) =>
      note(`${users.toLocaleString('en')} users come`, await play(peer, users)),
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
    await pair.server.ask('watchSteps')
    const opened = await pair.costOf(() => pair.crowd.figures('open'))
    const step = await pair.server.figure('longestStep')
    const { cpu = 0, ms = 0, bytes = 0, states = 0, notifications = 0 } = opened
    return { cpu: cpu / 1e6, seconds: ms / 1e3, step, states, notifications, megabytes: bytes / 1e6 }
  } finally {
    await pair.close()
  }
}
