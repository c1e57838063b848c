/** Nodes that freeze, stall and are sent away, with 300 users on them. */
import { setTimeout as wait } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { missingRedis, type RedisServer, redisTitle } from '../support/redis-server.ts'
import { DELIVERY_MS } from './crowd.ts'
import { F, L, T, W } from './node.ts'
import { SEED, USERS } from './people.ts'
import { endWorlds, openRedis, openWorld, type World } from './world.ts'

const DRAIN_MS = 2_000
/** What the contract gives a node beyond its window. */
const DRAIN_SLACK_MS = 2_000
/** Shorter than C2 = T − 1.1 H − F: nobody is offline by then, whatever the lease says. */
const STALL_MS = 2_500

let redis: RedisServer
let world: World

endWorlds()

describe.skipIf(missingRedis !== null)(redisTitle('three nodes, 300 users'), () => {
  beforeAll(async () => {
    redis = await openRedis({ persistent: true })
    const options = { users: USERS, seed: SEED, drainMs: DRAIN_MS }
    world = await openWorld(() => ({ port: redis.port }), options)
  })

  test('L5: SIGTERM: all users of a node go to the others, and nobody is told of anything', async () => {
    const before = world.crowd.news
    await world.endure(async () => expect(await exitOf(0)).toBe(0))
    expect(world.crowd.news).toBe(before)
    await world.restartAll()
  })

  test('L5, S2: SIGTERM twice, in the midst of life: the first counts', async () => {
    await world.survive(async () => {
      setTimeout(() => world.node(1).terminate(), DRAIN_MS / 4)
      expect(await exitOf(1)).toBe(0)
      await world.restartAll()
    })
  })

  test('L5, S2: SIGTERM while Redis is down: the node ends all the same, and its users are safe', async () => {
    await world.survive(async () => {
      await redis.kill()
      await wait(F)
      expect(await exitOf(2)).toBe(0)
      await redis.restart()
      await world.restartAll()
    })
  })

  test('S2: a node stalls for longer than its lease, and nobody of those on it is shown offline', async () => {
    await world.survive(async () => {
      await wait(500)
      world.crowd.excuse(0, 'newcomers')
      world.node(0).freeze()
      await wait(STALL_MS)
      world.node(0).thaw()
      await recovered()
    })
  })

  test('S1, S13: a node is frozen for longer than T, and thawed', async () => {
    await world.survive(async () => {
      await wait(500)
      world.crowd.excuse(1, 'all')
      world.node(1).freeze()
      await wait(T + W + L)
      world.node(1).thaw()
      await recovered()
    })
  })
})

/** The node that could not be held to anything has had the time to make up for it: 2 F. */
async function recovered(): Promise<void> {
  await wait(2 * F + DELIVERY_MS)
  world.crowd.excuseNobody()
}

/** A node is told to end: the code with which it does, within its window and a little. */
async function exitOf(place: number): Promise<number | null> {
  const startedAt = performance.now()
  const code = await world.node(place).drain()
  expect(performance.now() - startedAt).toBeLessThan(DRAIN_MS + DRAIN_SLACK_MS + DELIVERY_MS)
  return code
}
