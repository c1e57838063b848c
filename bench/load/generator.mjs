// The other ends of the sockets, in a process of their own: node generator.mjs <settings>. Answers what is asked of the crowd.

import { setTimeout as wait } from 'node:timers/promises'
import { answerParent, settingsOfChild } from '../support/child.mjs'
import { percentileOf } from '../support/statistics.mjs'
import { createCrowd } from './crowd.mjs'

/** A second late is no steady rate any more. */
const MOST_BEHIND_S = 1
/** Between two lone updates: the server is idle again. */
const PAUSE_MS = 5
const TICK_MS = 1

const crowd = createCrowd(/** @type {import('./crowd.mjs').CrowdSettings} */ (settingsOfChild()))
const { ledger } = crowd
/** Neighbours in time are no neighbours in the ring: each next transition has other recipients. */
const STRIDE = 997
let place = 0
const nextUser = () => (place = (place + STRIDE) % crowd.users)

answerParent({
  /** Everybody comes. */
  async open() {
    const startedAt = performance.now()
    await crowd.open()
    const { states, notifications, bytes } = ledger
    return { ms: performance.now() - startedAt, states, notifications, bytes }
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
      const user = nextUser()
      crowd.change(user)
      await crowd.allTold([user])
      await wait(PAUSE_MS)
    }
    return summaryOf(ledger.timeThem(false))
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
