/** Three nodes and 300 users with 20 contacts each over one real Redis, and whatever can happen to nodes and Redis. */
import { setTimeout as wait } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../src/testing/index.ts'
import { missingRedis, type RedisServer, redisTitle } from '../support/redis-server.ts'
import { createSteppedClock } from '../support/stepped-clock.ts'
import { F, killNodes, T } from './node.ts'
import { SEED, USERS } from './people.ts'
import { endWorlds, openRedis, openWorld, type World } from './world.ts'

const clock = createSteppedClock()
const HOUR_S = 3_600

let redis: RedisServer
let world: World

endWorlds()

describe.skipIf(missingRedis !== null)(redisTitle('three nodes, 300 users who come and go'), () => {
  beforeAll(async () => {
    redis = await openRedis({ persistent: true, env: clock.env })
    world = await openWorld(() => ({ port: redis.port }), { users: USERS, seed: SEED })
  })

  test('S1, S2, L1: a random half of the nodes is killed and restarted five times', async () => {
    const random = createRandom(SEED)
    for (let round = 0; round < 5; round++) {
      await world.survive(() => killSome(random.integer(0, 2), random.integer(1, 2)))
    }
  })

  test('L4, S2: Redis is killed and comes back with its data', async () => {
    await world.survive(async () => {
      await wait(500)
      await redis.kill()
      await wait(2_000)
      await redis.restart()
      await wait(500)
    })
  })

  test('L2, S2: Redis is killed and comes back with nothing', async () => {
    await world.survive(async () => {
      await wait(500)
      await redis.restartEmpty()
      await wait(1_000)
    })
  })

  test('L2, S2: Redis is wiped and forgets its scripts, twice', async () => {
    await world.survive(async () => {
      for (let time = 0; time < 2; time++) {
        await wait(500)
        await redis.flushAll()
        await redis.command('script', 'flush')
      }
      await wait(500)
    })
  })

  test('L4, S2: Redis stands still for longer than T', async () => {
    await world.survive(async () => {
      redis.pause()
      await wait(T + 1_000)
      redis.resume()
      await wait(500)
    })
  })

  test('L4, S2: Redis pauses its clients', async () => {
    await world.survive(async () => {
      await redis.command('client', 'pause', 5 * F)
      await wait(7 * F)
    })
  })

  const title =
    clock.missing === null
      ? 'S2, S14: the clock of the host of Redis is stepped by an hour, forth and back'
      : `S2, S14: the clock of the host of Redis is stepped (skipped: ${clock.missing})`
  test.skipIf(clock.missing !== null)(title, async () => {
    for (const offset of [HOUR_S, 0]) {
      await world.survive(async () => {
        await wait(500)
        clock.setOffset(offset)
        await wait(2_000)
      })
    }
  })
})

/** Some of the nodes are killed, in the midst of life, and come back a while later. */
async function killSome(first: number, count: number): Promise<void> {
  await wait(500)
  const places = Array.from({ length: count }, (_, index) => (first + index) % world.nodes.length)
  await killNodes(places.map(world.node))
  await wait(1_000)
  await world.restartAll()
  await wait(500)
  expect(world.nodes.every(({ alive }) => alive)).toBe(true)
}
