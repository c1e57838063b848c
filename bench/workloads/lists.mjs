// W5: long contact lists of which few are here. One user with 100,000 contacts, of whom 1,000 are here; and 1,000 users with 5,000
// each, of whom 20 are.

import { openPair } from '../support/pair.mjs'
import { playRounds } from '../support/rounds.mjs'

const PEERS = ['naive', 'presencekit']
const HERE = 1_000
const UPDATES = 50

export const figures = [
  { figure: 'cpu', title: 'CPU of the server, µs a notification or record' },
  { figure: 'step', title: 'longest step of the event loop, ms', compared: true },
  { figure: 'ms', title: 'ms until all has arrived' },
  { figure: 'p99', title: 'latency in ms, p99' },
]

/**
 * @typedef {import('../support/rounds.mjs').Note} Note
 * @typedef {import('../support/child.mjs').Figures} Figures
 */

/** @param {import('../support/rounds.mjs').Plan} plan */
export async function run(plan) {
  await playRounds(plan, 'lists', plan.peers(PEERS), async (peer, note) => {
    await playOne(peer, note)
    // Five million records: too many for a short run.
    if (plan.full) await playMany(peer, note)
  })
}

/** @param {string} peer @param {Note} note */
async function playOne(peer, note) {
  const title = '100,000 contacts, 1,000 of them here'
  await play(peer, 'one with many', HERE + 1, async (crowd, measure) => {
    await crowd.ask('open', [1, HERE + 1])
    note(`${title}: their user comes`, await measure(() => crowd.figures('open', [0, 1])))
    const changes = await measure(() => crowd.figures('again', UPDATES))
    note(`${title}: their user changes ${UPDATES} times`, changes)
    note(`${title}: everybody changes at once`, await measure(() => crowd.figures('burst', HERE + 1)))
  })
}

/** @param {string} peer @param {Note} note */
async function playMany(peer, note) {
  const title = '1,000 users with 5,000 contacts, 20 of them here'
  await play(peer, 'many far away', HERE, async (crowd, measure) => {
    note(`${title}: all come`, await measure(() => crowd.figures('open')))
    note(`${title}: everybody changes at once`, await measure(() => crowd.figures('burst', HERE)))
  })
}

/**
 * @param {string} peer
 * @param {import('../support/books.mjs').BookName} book
 * @param {number} users
 * @param {(crowd: import('../support/child.mjs').Child, measure: (act: () => Promise<Figures>) => Promise<Figures>) => Promise<void>} act
 */
async function play(peer, book, users, act) {
  const pair = await openPair({ peer, users, book }, { book })
  try {
    await act(pair.crowd, async (work) => {
      await pair.server.ask('watchSteps')
      const { cpu = 0, states = 0, notifications = 0, ms = 0, p99 } = await pair.costOf(work)
      const step = await pair.server.figure('longestStep')
      return { cpu: cpu / (states + notifications), step, ms, ...(p99 !== undefined && { p99 }) }
    })
  } finally {
    await pair.close()
  }
}
