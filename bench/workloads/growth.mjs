// How the cost of a notification grows with the number of users, where all change at once.

import { openPair } from '../support/pair.mjs'
import { playRounds } from '../support/rounds.mjs'

const FEW = 2_000
const MANY = [10_000]
const PEERS = ['naive', 'gathered', 'presencekit']
const WARM_UP = 2

/** Takes long: only where all is asked for, or this by name. */
export const long = true

export const figures = [
  { figure: 'growth', title: 'times the cost of a notification' },
  { figure: 'few', title: 'µs with few' },
  { figure: 'many', title: 'µs with many' },
]

/** @param {import('../support/rounds.mjs').Plan} plan */
export async function run(plan) {
  for (const users of plan.users(MANY)) {
    const row = `from ${FEW.toLocaleString('en')} users to ${users.toLocaleString('en')}, all at once`
    await playRounds(plan, 'growth', plan.peers(PEERS), async (peer, note) => {
      const few = await costOf(peer, FEW)
      const many = await costOf(peer, users)
      note(row, { growth: many / few, few, many })
    })
  }
}

/**
 * @param {string} peer
 * @param {number} users
 */
async function costOf(peer, users) {
  const pair = await openPair({ peer, users })
  try {
    await pair.crowd.ask('open')
    for (let burst = 0; burst < WARM_UP; burst++) await pair.crowd.ask('burst', Math.min(FEW, users))
    const { cpu = 0, notifications = 0 } = await pair.costOf(() => pair.crowd.figures('burst', users))
    return cpu / notifications
  } finally {
    await pair.close()
  }
}
