// A server under test on one core and the crowd that uses it on the other, both fresh: what a peer has kept from the round
// before is no part of the next.

import { startChild } from './child.mjs'

const SERVER_CORE = 0
const CROWD_CORE = 1
const serve = new URL('../servers/serve.mjs', import.meta.url)
const generate = new URL('../load/generator.mjs', import.meta.url)

/** @typedef {import('./child.mjs').Figures} Figures */

/**
 * @param {import('../servers/serve.mjs').PeerSettings} settings
 * @param {Partial<import('../load/crowd.mjs').CrowdSettings>} [load]
 */
export async function openPair(settings, load) {
  const { peer, users } = settings
  const server = startChild(serve, settings, SERVER_CORE)
  const port = await server.figure('ready')
  const dialect = peer.startsWith('socket.io') ? 'socket.io' : 'presence'
  const crowd = startChild(generate, { ports: [port], users, dialect, ...load }, CROWD_CORE)
  return {
    server,
    crowd,
    /**
     * @param {() => Promise<Figures>} act
     * @returns {Promise<Figures>} what it gave, and the CPU of the server meanwhile in µs
     */
    async costOf(act) {
      const before = await server.figure('cpu')
      const given = await act()
      return { ...given, cpu: (await server.figure('cpu')) - before }
    },
    async close() {
      await Promise.all([server.stop(), crowd.stop()])
    },
  }
}
