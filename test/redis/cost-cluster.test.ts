/** What one call costs in a Redis Cluster: a command for each bucket that it touches, all sent at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countedClient, type Sent } from '../../bench/support/counted-client.mjs'
import { type RedisStorage, redisStorage } from '../../src/server/redis/index.ts'
import { BUCKETS, bucketOf } from '../../src/server/redis/keys.ts'
import { type RedisCluster, startCluster } from '../support/redis-groups.ts'
import { missingRedis, redisTitle } from '../support/redis-server.ts'
import { ALWAYS, flushOf, OFFLINE, type TestClient, VERSIONS } from './kit.ts'

const IDS = Array.from({ length: 100 }, (_, index) => `user ${index}`)
const TOUCHED = new Set(IDS.map(bucketOf)).size
const [VERSION] = VERSIONS

describe.skipIf(missingRedis !== null)(redisTitle('The cost of a call in a Redis Cluster'), () => {
  let cluster: RedisCluster
  let client: TestClient
  let storage: RedisStorage
  const sent: Sent[] = []

  beforeAll(async () => {
    cluster = await startCluster()
    client = VERSION?.cluster(cluster.nodes) as TestClient
    storage = redisStorage({ client: countedClient(client, (one) => sent.push(one)) })
    // The first flush begins the epochs; and each master has to be told each script once.
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    await storage.nodes.enlist('n.1', [{ id: 'first', user: 'first' }], ALWAYS)
    await write()
    sent.length = 0
  })
  afterAll(async () => {
    await storage.close()
    client.disconnect()
    await cluster.stop()
  })

  const write = async () => {
    const { records } = await storage.read(IDS)
    sent.length = 0
    const swaps = IDS.map((id, index) => {
      const { epoch = 0, version = 0 } = records[index] ?? {}
      return { id, expected: { epoch, version }, version: version + 1, record: OFFLINE }
    })
    return storage.swap(swaps, ALWAYS)
  }
  const cost = (): [string, number][] => {
    const counts = new Map<string, number>()
    for (const { kind } of sent.splice(0)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    return [...counts]
  }

  it('100 users fall into fewer buckets than there are users', () => {
    expect(TOUCHED).toBeGreaterThan(50)
    expect(TOUCHED).toBeLessThan(100)
  })

  it('a read: one command for each bucket that is touched', async () => {
    await storage.read(IDS)
    expect(cost()).toEqual([['read', TOUCHED]])
  })

  it('a swap of many: one script for each bucket that is touched', async () => {
    const { results } = await write()
    expect(new Set(results)).toEqual(new Set(['done']))
    expect(cost()).toEqual([['swap', TOUCHED]])
  })

  it('a flush: the index, the entry, and every epoch', async () => {
    await storage.nodes.flush(flushOf('n.1'))
    expect(cost()).toEqual([
      ['list', 1],
      ['entry', 1],
      ['epochs', BUCKETS],
    ])
  })

  it('enlisting many sessions, and a message: one command each', async () => {
    const sessions = IDS.map((user) => ({ id: `session of ${user}`, user }))
    await storage.nodes.enlist('n.1', sessions, ALWAYS)
    await storage.bus.publish('n', 'hello')
    expect(cost()).toEqual([
      ['entry', 1],
      ['publish', 1],
    ])
  })
})
