// The other ends of the sockets, in a process of their own: node generator.mjs <settings>. Answers what is asked of the crowd.

import { setTimeout as wait } from 'node:timers/promises'
import { answerParent, settingsOfChild } from '../support/child.mjs'
import { percentileOf } from '../support/statistics.mjs'
import { createCrowd } from './crowd.mjs'

/** A second late is no steady rate any more. */
const MOST_BEHIND_S = 1
/** Between two lone updates: the server is idle again. */
const PAUSE_MS = 250
const TICK_MS = 1

const crowd = createCrowd(/** @type {import('./crowd.mjs').CrowdSettings} */ (settingsOfChild()))
const { ledger } = crowd
/** Users in an order without a pattern, the same in each run: in any regular one a watcher hears in bursts, or never twice. */
const order = shuffled(crowd.users)
let place = 0
const nextUser = () => /** @type {number} */ (order[place++ % order.length])

answerParent({
  /** Everybody comes, or these. @param {readonly [from: number, to: number]} [range] */
  async open(range) {
    const [before, startedAt] = [{ ...ledger }, performance.now()]
    await crowd.open(range)
    return {
      ms: performance.now() - startedAt,
      states: ledger.states - before.states,
      notifications: ledger.notifications - before.notifications,
      bytes: ledger.bytes - before.bytes,
    }
  },
  /** So many transitions as fast as possible. @param {number} transitions */
  async burst(transitions) {
    const [before, bytes, startedAt] = [ledger.notifications, ledger.bytes, performance.now()]
    const changed = Array.from({ length: transitions }, (_, user) => user)
    for (const user of changed) crowd.change(user)
    await crowd.allTold(changed)
    return {
      ms: performance.now() - startedAt,
      notifications: ledger.notifications - before,
      bytes: ledger.bytes - bytes,
    }
  },
  /** @param {{ transitionsPerSecond: number, seconds: number }} details */
  async steady({ transitionsPerSecond, seconds }) {
    const [before, bytes, startedAt] = [ledger.notifications, ledger.bytes, performance.now()]
    ledger.timeThem(true)
    /** @type {number[]} */
    const changed = []
    const total = transitionsPerSecond * seconds
    while (changed.length < total) {
      const due = ((performance.now() - startedAt) / 1_000) * transitionsPerSecond
      while (changed.length < Math.min(due, total)) {
        const user = nextUser()
        crowd.change(user)
        changed.push(user)
      }
      await wait(TICK_MS)
    }
    const behind = (performance.now() - startedAt) / 1_000 - seconds
    if (behind > MOST_BEHIND_S) throw new Error(`The generator fell ${behind.toFixed(1)} s behind`)
    await crowd.until(
      () => ledger.notifications - before >= total * 100,
      () => `${ledger.notifications - before} of ${total * 100} notifications`,
    )
    await crowd.allTold([...new Set(changed)])
    return {
      ms: performance.now() - startedAt,
      notifications: ledger.notifications - before,
      bytes: ledger.bytes - bytes,
      ...summaryOf(ledger.timeThem(false)),
    }
  },
  /** One update after the other, each when all have heard of the one before. @param {number} updates */
  async lone(updates) {
    ledger.timeThem(true)
    for (let update = 0; update < updates; update++) {
      // The first, too: whatever was measured before is over.
      await wait(PAUSE_MS)
      const user = nextUser()
      crowd.change(user)
      await crowd.allTold([user])
    }
    return summaryOf(ledger.timeThem(false))
  },
  /** The first user, so many times, each when all have heard of the time before. @param {number} updates */
  async again(updates) {
    const [before, startedAt] = [ledger.notifications, performance.now()]
    ledger.timeThem(true)
    for (let update = 0; update < updates; update++) {
      crowd.change(0)
      await crowd.allTold([0])
    }
    return {
      ms: performance.now() - startedAt,
      notifications: ledger.notifications - before,
      ...summaryOf(ledger.timeThem(false)),
    }
  },
  /** Nobody does anything. @param {number} ms */
  async idle(ms) {
    const before = ledger.heartbeats
    await wait(ms)
    return { heartbeats: ledger.heartbeats - before, lost: crowd.lost() }
  },
})

/** @param {readonly number[]} latencies */
function summaryOf(latencies) {
  const sorted = Float64Array.from(latencies).sort()
  return {
    p50: percentileOf(sorted, 0.5),
    p99: percentileOf(sorted, 0.99),
    longest: percentileOf(sorted, 1),
  }
}

/**
 * @param {number} count
 * @returns {readonly number[]} 0 to `count` - 1
 */
function shuffled(count) {
  const numbers = Array.from({ length: count }, (_, number) => number)
  let state = 1
  for (let left = count; left > 1; left--) {
    // The minimal standard generator of Park and Miller.
    state = (state * 48_271) % 2_147_483_647
    const chosen = state % left
    const [one, other] = [numbers[left - 1], numbers[chosen]]
    numbers[left - 1] = /** @type {number} */ (other)
    numbers[chosen] = /** @type {number} */ (one)
  }
  return numbers
}
