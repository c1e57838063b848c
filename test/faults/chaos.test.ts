/** Three nodes and 300 users with 20 contacts each over real Redis, and whatever can happen to them. */
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/testing/index.ts'
import { missingRedis, redisTitle } from '../support/redis-server.ts'
import { COMMAND_TIMEOUT_MS, killNodes } from './node.ts'
import { USERS } from './people.ts'
import { endWorlds, openRedis, openWorld, type World } from './world.ts'

const SEED = Number(process.env.SEED ?? 1)

endWorlds()

describe.skipIf(missingRedis !== null)(redisTitle('three nodes, 300 users who come and go'), () => {
  test('S1, S2, L1: a random half of the nodes is killed and restarted five times', async () => {
    const redis = await openRedis()
    const world = await openWorld(() => ({ port: redis.port }), { users: USERS, seed: SEED })
    const random = createRandom(SEED)
    for (let round = 0; round < 5; round++) {
      await world.survive(() => killSome(world, random.integer(0, 2), random.integer(1, 2)))
    }
  })

  test('L4, S2: Redis is killed and comes back with its data', async () => {
    const redis = await openRedis({ persistent: true })
    const world = await openWorld(() => ({ port: redis.port }), { users: USERS, seed: SEED })
    await world.survive(async () => {
      await wait(500)
      await redis.kill()
      await wait(2_000)
      await redis.restart()
      await wait(500)
    })
  })

  test('L2, S2: Redis is killed and comes back with nothing', async () => {
    const redis = await openRedis()
    const world = await openWorld(() => ({ port: redis.port }), { users: USERS, seed: SEED })
    await world.survive(async () => {
      await wait(500)
      await redis.restart()
      await wait(1_000)
    })
  })

  test('L2, S2: Redis is wiped and forgets its scripts, twice', async () => {
    const redis = await openRedis()
    const world = await openWorld(() => ({ port: redis.port }), { users: USERS, seed: SEED })
    await world.survive(async () => {
      for (let time = 0; time < 2; time++) {
        await wait(500)
        await redis.flushAll()
        await redis.command('script', 'flush')
      }
      await wait(500)
    })
  })

  test('L4, S2: Redis stands still for longer than T, and pauses its clients', async () => {
    const redis = await openRedis()
    const world = await openWorld(() => ({ port: redis.port }), { users: USERS, seed: SEED })
    await world.survive(async () => {
      redis.pause()
      await wait(7_000)
      redis.resume()
    })
    await world.survive(async () => {
      await redis.command('client', 'pause', 10 * COMMAND_TIMEOUT_MS)
      await wait(10 * COMMAND_TIMEOUT_MS)
    })
  })
})

/** Some of the nodes are killed, in the midst of life, and come back a while later. */
async function killSome({ nodes, node, restart }: World, first: number, count: number): Promise<void> {
  await wait(500)
  const places = Array.from({ length: count }, (_, index) => (first + index) % nodes.length)
  await killNodes(places.map(node))
  await wait(1_000)
  await Promise.all(places.map(restart))
  await wait(500)
  expect(nodes.every(({ alive }) => alive)).toBe(true)
}
