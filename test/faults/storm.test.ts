/** A reconnect storm: 5,000 clients lose their connection at once, by the defaults of the contract. */
import { setTimeout as wait } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { missingRedis, redisTitle } from '../support/redis-server.ts'
import { type NodeProcess, startNode } from './node.ts'
import { createStorm, type Storm } from './storm.ts'
import { afterwards, endWorlds, openRedis } from './world.ts'

const CLIENTS = 5_000
const NODES = 3
const TIMEOUT_MS = 60_000
const COMMAND_TIMEOUT_MS = 2_000
const ADMISSIONS_PER_SECOND = 2_000
const POLL_MS = 100

let nodes: NodeProcess[]
let storm: Storm

endWorlds()

describe.skipIf(missingRedis !== null)(redisTitle('5,000 clients on three nodes'), () => {
  beforeAll(async () => {
    const redis = await openRedis()
    const setup = {
      users: CLIENTS,
      timeoutMs: TIMEOUT_MS,
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
      admissionsPerSecond: ADMISSIONS_PER_SECOND,
    }
    const start = (): Promise<NodeProcess> => startNode({ port: redis.port }, setup)
    nodes = await Promise.all(Array.from({ length: NODES }, start))
    afterwards(() => Promise.all(nodes.map((node) => node.kill())))
    storm = await createStorm(
      nodes.map(({ port }) => port),
      CLIENTS,
    )
    afterwards(() => {
      storm.end()
    })
    await storm.order('come')
    await allSettled()
  })

  test('S2, S10: all connections break at once: all are back, nobody was shown offline, no node has died', async () => {
    const before = await storm.order('tell')
    await storm.order('cut')
    await allSettled()
    const { offline } = await storm.order('tell')
    expect(offline - before.offline).toBe(0)
    expect(nodes.map(({ alive }) => alive)).toEqual(nodes.map(() => true))
    const healths = await Promise.all(nodes.map((node) => node.health()))
    expect(healths.map(({ ready }) => ready)).toEqual(nodes.map(() => true))
    const connections = healths.reduce((sum, health) => sum + health.connections, 0)
    expect(connections).toBe(CLIENTS)
  })
})

/** Every client is connected, and is shown its contact online. */
async function allSettled(): Promise<void> {
  while ((await storm.order('tell')).settled < CLIENTS) await wait(POLL_MS)
}
