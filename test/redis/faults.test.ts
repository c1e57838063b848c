/** What befalls a Redis and the way to it: every call settles in time, nothing is made up, and afterwards all works again. */
import { afterEach, describe, expect, it } from 'vitest'
import { type RedisStorage, redisStorage } from '../../src/server/redis/index.ts'
import { missingRedis, type RedisServer, redisTitle, startRedis, until } from '../support/redis-server.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import {
  ALWAYS,
  failureOf,
  flushOf,
  OFFLINE,
  ONLINE,
  put,
  readOne,
  type TestClient,
  type Version,
  VERSIONS,
} from './kit.ts'

const TIMEOUT_MS = 400
/** On top of the timeout, on a busy machine. */
const SLACK_MS = 1_000

describe.skipIf(missingRedis !== null)(redisTitle('Faults'), () => {
  describe.each(VERSIONS)('with $name', suite)
})

function suite(version: Version): void {
  let server: RedisServer
  let proxy: TcpProxy
  let client: TestClient
  let storage: RedisStorage
  const heard: string[] = []

  const setUp = async (options: Parameters<typeof startRedis>[0] = {}): Promise<void> => {
    server = await startRedis(options)
    proxy = await openTcpProxy(server.port)
    client = version.single({ host: '127.0.0.1', port: proxy.port })
    storage = redisStorage({ client, commandTimeoutMs: TIMEOUT_MS })
    heard.length = 0
    await storage.bus.listen('n', (message) => heard.push(message))
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    await put(storage, 'a', ONLINE)
  }
  afterEach(async () => {
    await storage.close()
    client.disconnect()
    await proxy.close()
    await server.stop()
  })

  const calls = (): Promise<unknown>[] => [
    ...callsThatKeepTheListener(),
    Promise.resolve(storage.bus.listen('n', () => {})),
  ]
  const callsThatKeepTheListener = (): Promise<unknown>[] => [
    storage.read(['a']),
    storage.swap([{ id: 'b', expected: { epoch: 0, version: 0 }, version: 1, record: ONLINE }], ALWAYS),
    Promise.resolve(storage.nodes.flush(flushOf('n.1'))),
    Promise.resolve(storage.nodes.enlist('n.1', [{ id: 's', user: 'a' }], ALWAYS)),
    Promise.resolve(storage.nodes.claim({ incarnation: 'n.1', by: 'n.2', leaseMs: 1, ...ALWAYS })),
    Promise.resolve(storage.nodes.discharge('n.1', 'n.2', ['s'], ALWAYS)),
    Promise.resolve(storage.nodes.release('n.1')),
    Promise.resolve(storage.bus.publish('n', 'x')),
  ]

  /** Every call fails, in time. */
  const allFail = async (under = calls()): Promise<void> => {
    for (const failure of await Promise.all(under.map(failureOf))) {
      expect(['TIMEOUT', 'UNAVAILABLE']).toContain(failure.code)
      expect(failure.afterMs).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    }
  }
  /** Everything works again, within what `recoveryMs` says. */
  const comesBack = async (): Promise<void> => {
    const startedAt = performance.now()
    await until(async () => (await readOne(storage, 'a')) !== null, 'a read')
    expect(performance.now() - startedAt).toBeLessThan(storage.recoveryMs + SLACK_MS)
    await until(
      async () => (await storage.nodes.flush(flushOf('n.2', { first: true }))).outcome === 'kept',
      'a flush',
    )
    await until(async () => (await put(storage, 'a', OFFLINE)).version > 0, 'a swap')
  }
  const hearsAgain = (): Promise<void> =>
    until(async () => {
      await storage.bus.publish('n', 'still here')
      return heard.includes('still here')
    }, 'a message')

  it('Redis hangs: every call is over in time, whatever was under way', async () => {
    await setUp()
    server.pause()
    await allFail()
    await allFail()
    server.resume()
    await comesBack()
  })

  it('Redis is killed and started again without its data: a greater epoch, and the bus hears again by itself', async () => {
    await setUp()
    const before = await storage.nodes.flush(flushOf('n.1'))
    await server.kill()
    expect(await failureOf(storage.read(['a']))).toMatchObject({ code: 'UNAVAILABLE' })
    await server.restart()
    await comesBack()
    expect((await storage.nodes.flush(flushOf('n.3', { first: true }))).epoch).toBeGreaterThan(before.epoch)
    await hearsAgain()
  })

  it('Redis is killed and started again with its data: the same epoch, and every record', async () => {
    await setUp({ persistent: true })
    const stands = await readOne(storage, 'a')
    const before = await storage.nodes.flush(flushOf('n.1'))
    await server.kill()
    await server.restart()
    await until(async () => (await readOne(storage, 'a')) !== null, 'a read')
    expect(await readOne(storage, 'a')).toEqual(stands)
    expect(await storage.nodes.flush(flushOf('n.1'))).toMatchObject({ outcome: 'kept', epoch: before.epoch })
  })

  it('L4: Redis refuses connections: calls fail at once, or at the next attempt, and never later than the timeout', async () => {
    await setUp()
    await server.kill()
    await allFail()
    await allFail()
    await server.restart()
    await comesBack()
  })

  it('the connections are reset again and again', async () => {
    await setUp()
    for (let times = 0; times < 5; times++) {
      proxy.reset()
      await comesBack()
    }
    await hearsAgain()
  })

  it('L6: the way to Redis is half open: the connection is given up, and a new one made', async () => {
    await setUp()
    proxy.cut()
    await allFail(callsThatKeepTheListener())
    proxy.mend()
    await comesBack()
    await hearsAgain()
  })

  it('what was sent before the way was cut is not sent again when it is mended', async () => {
    await setUp()
    const stands = await readOne(storage, 'a')
    proxy.cut()
    const swaps = [{ id: 'a', expected: stands ?? NONE, version: 99, record: OFFLINE }]
    await failureOf(storage.swap(swaps, ALWAYS))
    proxy.mend()
    await until(async () => (await readOne(storage, 'a')) !== null, 'a read')
    expect(await readOne(storage, 'a')).toEqual(stands)
  })

  it('Redis is out of memory: swaps fail, reads answer, and nothing is lost', async () => {
    await setUp()
    const stands = await readOne(storage, 'a')
    await server.command('config', 'set', 'maxmemory', 1)
    const swaps = [{ id: 'a', expected: stands ?? NONE, version: 99, record: OFFLINE }]
    await expect(storage.swap(swaps, ALWAYS)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await readOne(storage, 'a')).toEqual(stands)
    await server.command('config', 'set', 'maxmemory', 0)
    expect((await storage.swap(swaps, ALWAYS)).results).toEqual(['done'])
  })

  it('the master becomes a replica: writes fail, and succeed when it is a master again', async () => {
    await setUp()
    const master = await startRedis()
    await server.command('replicaof', '127.0.0.1', master.port)
    await until(async () => ((await server.command('role')) as unknown[])[3] === 'connected', 'it to follow')
    const swaps = [{ id: 'a', expected: NONE, version: 1, record: OFFLINE }]
    expect(await failureOf(storage.swap(swaps, ALWAYS))).toMatchObject({ code: 'UNAVAILABLE' })
    await server.command('replicaof', 'no', 'one')
    await until(async () => (await put(storage, 'a', OFFLINE)).version > 0, 'a swap')
    await master.stop()
  })

  it('the subscriber is killed by Redis: it hears again by itself', async () => {
    await setUp()
    await server.command('client', 'kill', 'type', 'pubsub')
    await hearsAgain()
  })

  it('what onMessage throws reaches nobody, and the next message arrives', async () => {
    await setUp()
    await storage.bus.listen('n', (message) => {
      heard.push(message)
      throw new Error('out of order')
    })
    await storage.bus.publish('n', '1')
    await storage.bus.publish('n', '2')
    await until(() => heard.length === 2, 'both messages')
  })

  it('S13: a storage that was closed in the middle of a fault leaves nothing behind', async () => {
    await setUp()
    server.pause()
    const pending = calls().map(failureOf)
    await storage.close()
    for (const failure of await Promise.all(pending))
      expect(failure.afterMs).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    server.resume()
    await until(async () => {
      const list = String(await server.command('client', 'list'))
      return list.trim().split('\n').length === 1
    }, 'all connections to be gone')
  })
}

const NONE = { epoch: 0, version: 0 }
