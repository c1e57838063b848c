/** The Redis storage behind Sentinels. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RedisStorage, redisStorage } from '../../src/server/redis/index.ts'
import { type RedisSentinels, startSentinels } from '../support/redis-groups.ts'
import { missingRedis, type RedisServer, redisTitle, until } from '../support/redis-server.ts'
import { ALWAYS, flushOf, ONLINE, put, readOne, type TestClient, type Version, VERSIONS } from './kit.ts'

const TIMEOUT_MS = 1_000
/** On top of the timeout, on a busy machine. */
const SLACK_MS = 1_000
let group: RedisSentinels

describe.skipIf(missingRedis !== null)(redisTitle('Sentinels'), () => {
  beforeAll(async () => {
    group = await startSentinels()
  })
  afterAll(() => group.stop())

  describe.each(VERSIONS)('with $name', suite)
})

function suite(version: Version): void {
  let client: TestClient
  let storage: RedisStorage
  const heard: string[] = []

  beforeEach(async () => {
    // Also a client for reading from replicas makes a storage that speaks to the master.
    client = version.single({ sentinels: group.sentinels, name: group.name, role: 'slave' })
    storage = redisStorage({ client, commandTimeoutMs: TIMEOUT_MS })
    heard.length = 0
    await storage.bus.listen('n', (message) => heard.push(message))
  })
  afterEach(async () => {
    await storage.close()
    client.disconnect()
  })

  const comesBack = async (): Promise<void> => {
    await until(
      async () => (await storage.nodes.flush(flushOf('n.1', { first: true }))).outcome === 'kept',
      'a flush',
    )
    await until(async () => {
      await storage.bus.publish('n', 'still here')
      return heard.length > 0
    }, 'a message after the failover')
  }

  it('a master that dies is followed by its replica, for commands and for the bus', async () => {
    await put(storage, 'a', ONLINE)
    const { epoch } = await storage.nodes.flush(flushOf('n.1', { first: true }))
    const dead = await group.master()
    await dead.kill()
    await comesBack()
    await until(async () => (await group.master()) !== dead, 'all Sentinels to tell of the new one')
    // What the replica never got begins a greater epoch; what it has stands as it stood.
    await until(async () => ((await readOne(storage, 'a'))?.epoch ?? 0) > 0, 'a read')
    await until(async () => (await storage.nodes.flush(flushOf('n.1'))).epoch >= epoch, 'a flush')
    await dead.restart()
    await follow(dead)
  })

  it('a master that hangs, and comes back as a replica, is left for the new one', async () => {
    await put(storage, 'a', ONLINE)
    const hanging = await group.master()
    hanging.pause()
    const startedAt = performance.now()
    await expect(storage.swap([], ALWAYS).then(() => storage.read(['a']))).rejects.toMatchObject({
      retryable: true,
    })
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    await until(async () => (await group.master()) !== hanging, 'the Sentinels to choose another')
    hanging.resume()
    await comesBack()
    await follow(hanging)
  })

  it('no Sentinel answers: calls fail within their bound, and work again when one does', async () => {
    const others = redisStorage({ client, commandTimeoutMs: TIMEOUT_MS, prefix: 'other' })
    for (const sentinel of group.watchers) sentinel.pause()
    const startedAt = performance.now()
    await expect(others.read(['a'])).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    for (const sentinel of group.watchers) sentinel.resume()
    await until(async () => (await readOne(others, 'a')) !== null, 'the storage')
    await others.close()
  })
}

/** What the Sentinels make of a master that comes back; they take ten seconds for it. */
async function follow(server: RedisServer): Promise<void> {
  const { port } = await group.master()
  await server.command('replicaof', '127.0.0.1', port)
  await until(async () => ((await server.command('role')) as unknown[])[3] === 'connected', 'it to follow')
}
