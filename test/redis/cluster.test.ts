/** The Redis storage in a Redis Cluster. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKeys, bucketOf } from '../../src/server/redis/keys.ts'
import { slotOf } from '../../src/server/redis/slot.ts'
import { type RedisStorage, type RedisStorageOptions, redisStorage } from '../../src/server/redis/index.ts'
import { STRANGE_IDS } from '../corpus/strange-but-valid.ts'
import { type RedisCluster, startCluster } from '../support/redis-groups.ts'
import { missingRedis, redisTitle, until } from '../support/redis-server.ts'
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

const TIMEOUT_MS = 1_000
/** On top of the timeout, on a busy machine. */
const SLACK_MS = 1_000

let cluster: RedisCluster

describe.skipIf(missingRedis !== null)(redisTitle('A Redis Cluster'), () => {
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.stop())

  describe.each(VERSIONS)('with $name', suite)
})

function suite(version: Version): void {
  let client: TestClient
  let storage: RedisStorage
  const others: RedisStorage[] = []
  const open = (options: Partial<RedisStorageOptions> = {}): RedisStorage => {
    const other = redisStorage({ client, commandTimeoutMs: TIMEOUT_MS, ...options })
    others.push(other)
    return other
  }
  const ids = Array.from({ length: 600 }, (_, index) => `user ${index}`)
  const keys = createKeys('presencekit')

  beforeEach(async () => {
    for (const master of await cluster.masters()) await master.flushAll()
    client = version.cluster(cluster.nodes, {
      keyPrefix: 'app:',
      scaleReads: 'slave',
      redisOptions: { keyPrefix: 'app:' },
    })
    storage = open()
    // A client finds the cluster first, which takes longer than a command may where a slot has just been moved.
    const isFound = () => storage.read(['nobody']).then(Boolean, () => false)
    await until(isFound, 'the cluster to be found')
  })
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.close()))
    client.disconnect()
  })

  it('reads and swaps users on all masters, and lays out its keys over all of them', async () => {
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    const { records } = await storage.read(ids)
    const swaps = ids.map((id, index) => ({
      id,
      expected: records[index] ?? { epoch: 0, version: 0 },
      version: index + 1,
      record: ONLINE,
    }))
    expect(new Set((await storage.swap(swaps, ALWAYS)).results)).toEqual(new Set(['done']))
    expect((await storage.read(ids)).records.map((stands) => stands?.version)).toEqual(
      ids.map((_, index) => index + 1),
    )
    for (const master of await cluster.masters()) {
      const found = (await master.command('keys', '*')) as string[]
      expect(found.length).toBeGreaterThan(100)
      expect(found.every((key) => key.startsWith('presencekit:'))).toBe(true)
    }
  })

  it('strange ids are users, incarnations and addresses', async () => {
    for (const id of STRANGE_IDS) {
      await put(storage, id, ONLINE)
      expect(await readOne(storage, id)).toMatchObject({ record: ONLINE })
      await storage.nodes.flush(flushOf(id, { first: true, leaseMs: 1 }))
      await storage.nodes.enlist(id, [{ id, user: id }], ALWAYS)
      const claim = { incarnation: id, by: 'n.1', leaseMs: 1_000, ...ALWAYS }
      await expect
        .poll(async () => storage.nodes.claim(claim))
        .toMatchObject({ outcome: 'claimed', sessions: [{ id, user: id }] })
      expect(await storage.nodes.discharge(id, 'n.1', [id], ALWAYS)).toMatchObject({ outcome: 'done' })
    }
    const { nodes } = await storage.nodes.flush(flushOf('n.1', { first: true }))
    expect(nodes.map(({ incarnation }) => incarnation)).toEqual(['n.1'])
  })

  it('SCRIPT FLUSH on all masters is not noticed', async () => {
    await put(storage, 'a', ONLINE)
    for (const master of await cluster.masters()) await master.command('script', 'flush')
    await put(storage, 'a', OFFLINE)
    expect((await storage.nodes.flush(flushOf('n.1', { first: true }))).outcome).toBe('kept')
  })

  it('L2: a master that lost its data begins a greater epoch, and the others keep theirs', async () => {
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    const there = await put(storage, 'a', ONLINE)
    const elsewhere = ids.find((id) => Math.abs(bucketOf(id) - bucketOf('a')) > 100) ?? ''
    const kept = await put(storage, elsewhere, ONLINE)
    const { epoch } = await storage.nodes.flush(flushOf('n.1', { first: true }))
    await (await cluster.masterOf(64 * bucketOf('a'))).flushAll()
    const next = await storage.nodes.flush(flushOf('n.1', { first: true }))
    expect(next.epoch).toBeGreaterThan(epoch)
    const lost = await readOne(storage, 'a')
    expect(lost).toMatchObject({ version: 0, record: null })
    expect(lost?.epoch).toBeGreaterThan(there.epoch)
    expect(await readOne(storage, elsewhere)).toEqual(kept)
  })

  it('the bus carries messages between nodes, on connections of its own', async () => {
    const heard: string[] = []
    const other = open()
    await storage.bus.listen('node } {a', (message) => heard.push(message))
    for (const message of ['', 'é\n', 'x'.repeat(100_000)]) await other.bus.publish('node } {a', message)
    await other.bus.publish('node } {b', 'nobody')
    await expect.poll(() => heard.length).toBe(3)
    expect(heard).toEqual(['', 'é\n', 'x'.repeat(100_000)])
  })

  it('listen again begins anew on another connection, and the listener of before hears nothing more', async () => {
    const first: string[] = []
    const second: string[] = []
    await storage.bus.listen('n', (message) => first.push(message))
    await storage.bus.listen('n', (message) => second.push(message))
    await storage.bus.publish('n', '1')
    await expect.poll(() => second).toEqual(['1'])
    expect(first).toEqual([])
  })

  it('a slot that moves is followed: by commands at once, by the bus as soon as the master ends the subscription', async () => {
    const heard: string[] = []
    const slot = slotOf(keys.channel('n'))
    await storage.bus.listen('n', (message) => heard.push(message))
    const from = await cluster.masterOf(slot)
    await cluster.moveSlot(slot)
    await until(async () => {
      await storage.bus.publish('n', 'still here')
      return heard.length > 0
    }, 'a message after the slot has moved')
    await cluster.moveSlot(slot, from)
  })

  it('S13: a caller whose clock is wrong stays late wherever it writes, and is told the time', async () => {
    const { now } = await storage.nodes.flush(flushOf('n.1', { first: true }))
    const records = await Promise.all(ids.slice(0, 20).map((id) => put(storage, id, ONLINE)))
    const stamp = { sentAt: now - 3_600_000, toleranceMs: 500 }
    const swaps = records.map((expected, index) => ({
      id: ids[index] ?? '',
      expected,
      version: expected.version + 1,
      record: OFFLINE,
    }))
    for (let times = 0; times < 3; times++) {
      const late = await storage.swap(swaps, stamp)
      expect(new Set(late.results)).toEqual(new Set(['late']))
      expect(late.now - now).toBeGreaterThanOrEqual(0)
      expect(late.now - now).toBeLessThan(20_000)
    }
    const right = { sentAt: now, toleranceMs: 20_000 }
    expect(new Set((await storage.swap(swaps, right)).results)).toEqual(new Set(['done']))
  })

  it('a master that dies fails its own users and no others; its replica takes over with the next epoch or the same data', async () => {
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    const heard: string[] = []
    await storage.bus.listen('n', (message) => heard.push(message))
    const { records } = await storage.read(ids)
    const slot = slotOf(keys.channel('n'))
    const dead = await cluster.masterOf(slot)
    const isDead = await Promise.all(
      ids.map(async (id) => (await cluster.masterOf(64 * bucketOf(id))) === dead),
    )
    await dead.kill()
    const swaps = ids.map((id, index) => ({
      id,
      expected: records[index] ?? { epoch: 0, version: 0 },
      version: 1,
      record: ONLINE,
    }))
    const startedAt = performance.now()
    const { results } = await storage.swap(swaps, ALWAYS)
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    expect(results.filter((_, index) => isDead[index] === false).every((result) => result === 'done')).toBe(
      true,
    )

    await until(
      async () => (await storage.nodes.flush(flushOf('n.1', { first: true }))).outcome === 'kept',
      'a flush',
    )
    await until(async () => !(await storage.read(ids)).records.includes(null), 'all users')
    await until(async () => {
      await storage.bus.publish('n', 'still here')
      return heard.length > 0
    }, 'a message after the failover')
    await dead.restart()
    await until(
      async () => String(await dead.command('cluster', 'INFO')).includes('cluster_state:ok'),
      'the old master',
    )
    await until(async () => String(await dead.command('role')).startsWith('slave'), 'it to be a replica')
  })

  it('the subscriber of a master that hangs hears again by itself, at its replica', async () => {
    const heard: string[] = []
    await storage.bus.listen('n', (message) => heard.push(message))
    const hanging = await cluster.masterOf(slotOf(keys.channel('n')))
    hanging.pause()
    await until(async () => {
      await storage.bus.publish('n', 'still here')
      return heard.length > 0
    }, 'a message after the failover')
    hanging.resume()
    await until(async () => String(await hanging.command('role')).startsWith('slave'), 'it to be a replica')
  })

  it('a master that hangs is given up within the command timeout, and its users come back with its replica', async () => {
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    await storage.read(ids)
    const hanging = await cluster.masterOf(64 * bucketOf('a'))
    hanging.pause()
    const startedAt = performance.now()
    const { records } = await storage.read(ids)
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    expect(records).toContain(null)
    expect(records.some((stands) => stands !== null)).toBe(true)
    await until(async () => !(await storage.read(ids)).records.includes(null), 'all users')
    hanging.resume()
    await until(async () => String(await hanging.command('role')).startsWith('slave'), 'it to be a replica')
  })

  it('when nothing answers every call fails within its bound, and afterwards all works again', async () => {
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    for (const server of cluster.servers) server.pause()
    const calls = [
      storage.read(ids),
      storage.swap([{ id: 'a', expected: { epoch: 0, version: 0 }, version: 1, record: ONLINE }], ALWAYS),
      storage.nodes.flush(flushOf('n.1')),
      storage.bus.publish('n', 'x'),
      storage.bus.listen('n', () => {}),
    ]
    for (const { code, afterMs } of await Promise.all(
      calls.map((call) => failureOf(Promise.resolve(call))),
    )) {
      expect(['TIMEOUT', 'UNAVAILABLE']).toContain(code)
      expect(afterMs).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    }
    for (const server of cluster.servers) server.resume()
    await until(async () => !(await storage.read(ids)).records.includes(null), 'all users')
    await until(
      async () => (await storage.nodes.flush(flushOf('n.1', { first: true }))).outcome === 'kept',
      'a flush',
    )
  })
}
