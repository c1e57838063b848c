// The server under test, alone in its process: node serve.mjs <settings>. Whatever it is, it is asked the same things.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { answerParent, settingsOfChild } from '../support/child.mjs'
import { heapNow } from '../support/heap.mjs'

/** A step is known to within this. */
const RESOLUTION_MS = 2

/**
 * @typedef {object} PeerSettings
 * @property {string} peer the name of its file
 * @property {number} users
 * @property {import('../support/books.mjs').BookName} [book] who knows whom; left out: a ring
 * @property {number} [heartbeatMs] between two heartbeats of a connection; left out: none falls into a measurement
 * @property {boolean} [looksAgain] whatever is done once in so many heartbeats is sped up with them
 * @property {number} [redisPort] where the state is shared
 * @property {number} [node] which of the nodes this is
 *
 * @typedef {object} Peer
 * @property {number} port
 * @property {() => number} [cpu] so far in µs, where the server is no part of this process
 * @property {() => number} [commands] how many it has sent to Redis so far
 *
 * @typedef {{ readonly start: (settings: PeerSettings) => Promise<Peer> }} PeerModule
 */

const settings = /** @type {PeerSettings} */ (settingsOfChild())
/** @type {unknown} */
const module = await import(`./${settings.peer}.mjs`)
const peer = await /** @type {PeerModule} */ (module).start(settings)
const steps = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

answerParent({
  ready: () => peer.port,
  /** CPU so far, user and system, in µs. */
  cpu() {
    const { user, system } = process.cpuUsage()
    return peer.cpu?.() ?? user + system
  },
  memory: () => ({ heap: heapNow(), rss: process.memoryUsage.rss() }),
  watchSteps() {
    steps.reset()
    steps.enable()
  },
  /** The longest since then, in ms. */
  longestStep() {
    steps.disable()
    return peer.cpu ? Number.NaN : Math.max(0, steps.max / 1e6 - RESOLUTION_MS)
  },
  commands: () => peer.commands?.() ?? 0,
})
