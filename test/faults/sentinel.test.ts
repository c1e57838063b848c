/** A master with two replicas and three Sentinels, which fail over and lose what was written last. */
import { setTimeout as wait } from 'node:timers/promises'
import { beforeAll, describe, test } from 'vitest'
import { type RedisSentinels, startSentinels } from '../support/redis-groups.ts'
import { missingRedis, type RedisServer, redisTitle, until } from '../support/redis-server.ts'
import { SEED, USERS } from './people.ts'
import { afterwards, endWorlds, openWorld, type World } from './world.ts'

/** So much of what happens the replicas never hear of. */
const LOST_MS = 1_000

let group: RedisSentinels
let world: World

endWorlds()

describe.skipIf(missingRedis !== null)(redisTitle('three nodes, 300 users, three Sentinels'), () => {
  beforeAll(async () => {
    group = await startSentinels()
    afterwards(() => group.stop())
    const { sentinels, name } = group
    world = await openWorld(() => ({ sentinels, name }), { users: USERS, seed: SEED })
  })

  test('L3, L4, S2: the master dies with the writes of a second, and its replica takes over', async () => {
    await world.survive(async () => {
      await wait(500)
      const master = await group.master()
      await loseReplicas(master)
      await wait(LOST_MS)
      await master.kill()
      await until(async () => (await group.master()) !== master, 'another master')
      await wait(500)
    })
  })
})

/** From now on what is written reaches no replica, and they cannot tell that from a broken line. */
async function loseReplicas(master: RedisServer): Promise<void> {
  await master.command('acl', 'setuser', 'default', '-psync', '-sync')
  await master.command('client', 'kill', 'type', 'replica')
}
