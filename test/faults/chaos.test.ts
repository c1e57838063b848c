/** Three nodes and 300 users with 20 contacts each over real Redis, and whatever can happen to them. */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { missingRedis, redisTitle, type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Crowd, createCrowd } from './crowd.ts'
import { killNodes, type NodeProcess, type NodeSetup, startNode, T } from './node.ts'
import { USERS } from './people.ts'

/** Everybody who died is offline by then, and everybody else has been told: T + W + L, R after an outage, and a busy machine. */
const SETTLED_MS = 3 * T
const NODES = 3

const open: { crowd: Crowd | null; nodes: NodeProcess[]; stop: (() => Promise<void>)[] } = {
  crowd: null,
  nodes: [],
  stop: [],
}

afterEach(async () => {
  open.crowd?.leave()
  await killNodes(open.nodes)
  for (const stop of open.stop.splice(0)) await stop()
  open.nodes = []
})

async function begin(redis: NodeSetup['redis'], seed: number): Promise<Crowd> {
  for (let index = 0; index < NODES; index++) open.nodes.push(await startNode(redis))
  const crowd = createCrowd(() => open.nodes, USERS, seed)
  open.crowd = crowd
  await crowd.come()
  expect(await crowd.agree(SETTLED_MS)).toEqual([])
  return crowd
}

async function beginOnOne(seed: number, persistent = false): Promise<{ crowd: Crowd; redis: RedisServer }> {
  const redis = await startRedis({ persistent })
  open.stop.push(() => redis.stop())
  return { redis, crowd: await begin({ port: redis.port }, seed) }
}

/** Life goes on while something happens; then all is well again, and nobody was told a lie. */
async function survive(crowd: Crowd, happens: () => Promise<unknown>): Promise<void> {
  await Promise.all([crowd.live(100), happens()])
  expect(await crowd.agree(SETTLED_MS)).toEqual([])
  expect(crowd.falseOffline).toEqual([])
}

describe.skipIf(missingRedis !== null)(redisTitle('three nodes, 300 users'), () => {
  test('S1, S2, L1: a random half of the nodes is killed and restarted five times', async () => {
    const { crowd, redis } = await beginOnOne(1)
    for (let round = 0; round < 5; round++) {
      await survive(crowd, async () => {
        const places = round % 2 === 0 ? [round % NODES] : [round % NODES, (round + 1) % NODES]
        await killNodes(places.map((place) => open.nodes[place] as NodeProcess))
        await wait(1_000)
        for (const place of places) open.nodes[place] = await startNode({ port: redis.port })
      })
    }
  })

  test('L4, S2: Redis is killed and comes back with its data', async () => {
    const { crowd, redis } = await beginOnOne(2, true)
    await survive(crowd, async () => {
      await redis.kill()
      await wait(2_000)
      await redis.restart()
    })
  })

  test('L2, S2: Redis is killed and comes back with nothing', async () => {
    const { crowd, redis } = await beginOnOne(3)
    await survive(crowd, async () => {
      await redis.kill()
      await redis.restart()
    })
  })

  test('L2, S2: Redis is wiped, and forgets its scripts', async () => {
    const { crowd, redis } = await beginOnOne(4)
    await survive(crowd, async () => {
      await redis.flushAll()
      await redis.command('script', 'flush')
    })
  })

  test('L4, S2: Redis stands still for 3 s, and pauses its clients for 2', async () => {
    const { crowd, redis } = await beginOnOne(5)
    await survive(crowd, async () => {
      redis.pause()
      await wait(3_000)
      redis.resume()
    })
    await survive(crowd, () => redis.command('client', 'pause', 2_000))
  })
})
