/** The way between nodes and Redis, and the bus on it: cut, held up, half open, deaf, stuttering, full of junk. */
import { setTimeout as wait } from 'node:timers/promises'
import { beforeAll, describe, test } from 'vitest'
import { missingRedis, type RedisServer, redisTitle } from '../support/redis-server.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { DELIVERY_MS } from './crowd.ts'
import { haunt } from './haunted-bus.ts'
import { F, L, T, W } from './node.ts'
import { SEED, USERS } from './people.ts'
import { afterwards, endWorlds, openRedis, openWorld, type World } from './world.ts'

const NODES = 3
/** Shorter than C2 = T − 1.1 H − F: nobody is offline by then. */
const SHORT_MS = 2_500

let redis: RedisServer
let ways: TcpProxy[]
let world: World

endWorlds()

describe.skipIf(missingRedis !== null)(redisTitle('three nodes, 300 users who come and go'), () => {
  beforeAll(async () => {
    redis = await openRedis()
    ways = await Promise.all(Array.from({ length: NODES }, () => openTcpProxy(redis.port)))
    afterwards(() => Promise.all(ways.map((way) => way.close())))
    world = await openWorld((place) => ({ port: way(place).port }), { users: USERS, seed: SEED })
  })

  test('S2: a node is cut off from Redis both ways for less than C2', () =>
    apart(0, 'newcomers', async () => {
      way(0).hold()
      await wait(SHORT_MS)
      way(0).release()
    }))

  test('S2, S13: what a node says arrives at Redis, and the answers do not', () =>
    apart(1, 'newcomers', async () => {
      way(1).hold('back')
      await wait(SHORT_MS)
      way(1).release()
    }))

  test('S2: the way of a node to Redis is half open: it finds another before its users are given up', () =>
    apart(2, 'newcomers', async () => {
      way(2).cut()
      await wait(4 * F)
      way(2).mend()
    }))

  test('S1, S13: a node is cut off for longer than T, and comes back', () =>
    apart(0, 'all', async () => {
      way(0).hold()
      await wait(T + W + L)
      way(0).release()
    }))

  test('L4, S2: all nodes are cut off for longer than T, and nobody is shown offline', async () => {
    await world.survive(async () => {
      await wait(500)
      for (const each of ways) each.hold()
      await wait(T + W)
      for (const each of ways) each.release()
      await wait(500)
    })
  })

  test('L1: Redis ends the subscriptions of all nodes again and again', async () => {
    await world.survive(async () => {
      for (let times = 0; times < 5; times++) {
        await wait(300)
        await redis.command('client', 'kill', 'type', 'pubsub')
      }
    })
  })

  test('L1: messages between nodes come twice, late, out of order, and among junk', async () => {
    const end = await haunt(redis.port)
    try {
      await world.survive(() => wait(3_000))
    } finally {
      await end()
    }
  })
})

function way(place: number): TcpProxy {
  const found = ways[place]
  if (!found) throw new RangeError(`There is no way for the node at place ${place}`)
  return found
}

/** Users live while one node is apart from Redis. It has 2 F to make up for it. */
async function apart(
  place: number,
  excused: 'all' | 'newcomers',
  happens: () => Promise<void>,
): Promise<void> {
  await world.survive(async () => {
    await wait(500)
    world.crowd.excuse(place, excused)
    await happens()
    await wait(2 * F + DELIVERY_MS)
    world.crowd.excuseNobody()
  })
}
