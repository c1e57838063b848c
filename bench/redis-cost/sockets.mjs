// What an idle connection costs a node with a real socket under it: `ws` and TCP included, the kernel's buffers not. The other ends
// live in a process of their own.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createPresenceServer } from 'presencekit/server'
import { heapNow } from '../support/heap.mjs'

const CONNECTIONS = 1_000
/** What is a minute at T = 60 s. */
const T = 3_000
const ROUNDS = 3
const program = fileURLToPath(new URL('../support/crowd.mjs', import.meta.url))

/** @returns {Promise<{ memory: number, nodeMicros: number[] }>} bytes, and CPU in a minute, of each connection */
export async function measureSockets() {
  const presence = createPresenceServer({
    authenticate: ({ token = '' }) => ({ userId: token }),
    contacts: { contactsOf: () => [] },
    heartbeat: { timeoutMs: T },
    limits: { admissionsPerSecond: 0 },
  })
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  presence.attach(server, { path: '/presence' })

  const before = heapNow()
  const crowd = fork(program, [`ws://127.0.0.1:${port}/presence`, String(CONNECTIONS)])
  await once(crowd, 'message')
  await wait(T)
  const memory = (heapNow() - before) / CONNECTIONS
  const nodeMicros = []
  for (let round = 0; round < ROUNDS; round++) {
    const { user, system } = process.cpuUsage()
    await wait(T)
    const after = process.cpuUsage()
    nodeMicros.push((after.user + after.system - user - system) / CONNECTIONS)
  }
  crowd.kill()
  await presence.close()
  server.close()
  return { memory, nodeMicros }
}
