/** A Redis Cluster of three masters with a replica each, which fails over and moves slots. */
import { setTimeout as wait } from 'node:timers/promises'
import { beforeAll, describe, test } from 'vitest'
import { addressOf } from '../../src/core/lease.ts'
import { bucketOf, createKeys } from '../../src/server/redis/keys.ts'
import { slotOf } from '../../src/server/redis/slot.ts'
import { type RedisCluster, startCluster } from '../support/redis-groups.ts'
import { missingRedis, redisTitle, until } from '../support/redis-server.ts'
import { SEED, userName, USERS } from './people.ts'
import { afterwards, endWorlds, openWorld, type World } from './world.ts'

const SLOTS_PER_BUCKET = 64
/** The storage's default. */
const PREFIX = 'presencekit'

let cluster: RedisCluster
let world: World

endWorlds()

describe.skipIf(missingRedis !== null)(redisTitle('three nodes, 300 users, a Redis Cluster'), () => {
  beforeAll(async () => {
    cluster = await startCluster()
    afterwards(() => cluster.stop())
    world = await openWorld(() => ({ nodes: cluster.nodes }), { users: USERS, seed: SEED })
  })

  test('S2, L1: slots of some users move to another master', async () => {
    await world.survive(async () => {
      await wait(500)
      for (let index = 0; index < 10; index++) {
        await cluster.moveSlot(slotOfUser(index))
        await wait(100)
      }
    })
  })

  test('S2, L1: slots of what nodes keep about themselves move', async () => {
    await world.survive(async () => {
      await wait(500)
      for (const slot of await slotsOfNodes()) {
        await cluster.moveSlot(slot)
        await wait(100)
      }
    })
  })

  test('L3, S2: a master dies, and its replica takes over', async () => {
    await world.survive(async () => {
      await wait(500)
      const slot = slotOfUser(0)
      const master = await cluster.masterOf(slot)
      await master.kill()
      await until(async () => (await cluster.masterOf(slot)) !== master, 'another master')
      await wait(500)
      await master.restart()
      await wait(1_000)
    })
  })

  test('S2, L1: a replica is told to take over', async () => {
    await world.survive(async () => {
      await wait(500)
      const slot = slotOfUser(1)
      const [replica] = await cluster.replicasOf(slot)
      await replica?.command('cluster', 'FAILOVER')
      await until(async () => (await cluster.masterOf(slot)) === replica, 'it to be the master')
      await wait(1_000)
    })
  })
})

/** The slots of their entries, of the channels on which they hear, and of the index of them all. */
async function slotsOfNodes(): Promise<number[]> {
  const keys = createKeys(PREFIX)
  const listed = await (await cluster.masterOf(slotOf(keys.index))).command('zrange', keys.index, 0, -1)
  const own = (listed as string[]).flatMap((incarnation) => [
    keys.entry(incarnation),
    keys.channel(addressOf(incarnation)),
  ])
  return [...own, keys.index].map(slotOf)
}

function slotOfUser(index: number): number {
  return SLOTS_PER_BUCKET * bucketOf(userName(index))
}
