/** The Redis storage on one Redis: what only Redis can show. What holds for every storage, the published suite asks. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RedisStorage, type RedisStorageOptions, redisStorage } from '../../src/server/redis/index.ts'
import { STRANGE_IDS } from '../corpus/strange-but-valid.ts'
import { missingRedis, type RedisServer, redisTitle, startRedis } from '../support/redis-server.ts'
import {
  ALWAYS,
  failureOf,
  flushOf,
  OFFLINE,
  ONLINE,
  put,
  readOne,
  type TestClient,
  VERSIONS,
} from './kit.ts'

describe.skipIf(missingRedis !== null).each(VERSIONS)(redisTitle('One Redis, $name'), (version) => {
  let server: RedisServer
  let client: TestClient
  let storage: RedisStorage
  const others: RedisStorage[] = []
  const open = (options: Partial<RedisStorageOptions> = {}): RedisStorage => {
    const other = redisStorage({ client, ...options })
    others.push(other)
    return other
  }
  const keys = async (): Promise<string[]> => (await server.command('keys', '*')) as string[]
  const keyOf = async (end: string): Promise<string> => {
    const found = (await keys()).find((key) => key.endsWith(end))
    if (found === undefined) throw new Error(`No key ends with ${end}`)
    return found
  }

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    await server.flushAll()
    client = version.single({ port: server.port })
    storage = open()
  })
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.close()))
    client.disconnect()
  })

  it('S12: a swap that expects what does not stand there changes nothing, and gives back what does', async () => {
    const stands = await put(storage, 'a', ONLINE)
    const swap = { id: 'a', version: stands.version + 1, record: OFFLINE }
    for (const expected of [
      { epoch: stands.epoch, version: stands.version + 1 },
      { epoch: stands.epoch + 1, version: stands.version },
      { epoch: 0, version: 0 },
    ]) {
      const { results } = await storage.swap([{ ...swap, expected }], ALWAYS)
      expect(results).toEqual([stands])
    }
    expect(await readOne(storage, 'a')).toEqual(stands)
  })

  it('a bucket that has no epoch reads as 0, and its first swap begins one by the time of Redis', async () => {
    expect(await readOne(storage, 'a')).toEqual({ epoch: 0, version: 0, record: null })
    const before = Date.now()
    const { now, results } = await storage.swap(
      [{ id: 'a', expected: { epoch: 0, version: 0 }, version: 1, record: ONLINE }],
      ALWAYS,
    )
    expect(results).toEqual([{ epoch: now, version: 0, record: null }])
    expect(now).toBeGreaterThanOrEqual(before)
    expect(await readOne(storage, 'a')).toEqual({ epoch: now, version: 0, record: null })
  })

  it('L2: after FLUSHALL every epoch is greater than any before, also where the clock of Redis was far ahead', async () => {
    const ahead = Date.now() + 3_600_000
    await put(storage, 'a', ONLINE)
    await server.command('set', await keyOf(':e'), ahead)
    const before = await storage.nodes.flush(flushOf('n.1', { first: true }))
    expect(before.epoch).toBe(ahead + 1)
    await server.flushAll()
    const { epoch, outcome } = await storage.nodes.flush(flushOf('n.1', { first: true }))
    expect({ epoch, outcome }).toEqual({ epoch: ahead + 2, outcome: 'kept' })
    expect(await readOne(storage, 'a')).toEqual({ epoch: ahead + 2, version: 0, record: null })
  })

  it('one bucket that was lost begins a greater epoch, which the next flush of everybody tells', async () => {
    const { epoch } = await storage.nodes.flush(flushOf('n.1', { first: true }))
    await put(storage, 'a', ONLINE)
    const lost = (await keyOf('u:a')).replace('u:a', 'e')
    await server.command('del', await keyOf('u:a'), lost)
    const next = await storage.nodes.flush(flushOf('n.1'))
    expect(next.epoch).toBeGreaterThan(epoch)
    expect((await open().nodes.flush(flushOf('n.2', { first: true }))).epoch).toBe(next.epoch)
    expect(await readOne(storage, 'a')).toEqual({ epoch: next.epoch, version: 0, record: null })
  })

  it('SCRIPT FLUSH is not noticed', async () => {
    await put(storage, 'a', ONLINE)
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    await server.command('script', 'flush')
    await put(storage, 'a', OFFLINE)
    await server.command('script', 'flush')
    expect((await storage.nodes.flush(flushOf('n.1'))).outcome).toBe('kept')
  })

  it('S13: what comes late changes nothing, wherever it would write', async () => {
    const stands = await put(storage, 'a', ONLINE)
    await storage.nodes.flush(flushOf('n.1', { first: true, leaseMs: 1 }))
    await storage.nodes.enlist('n.1', [{ id: 's1', user: 'a' }], ALWAYS)
    const before = await contents()
    for (const sentAt of [Date.now() - 1_000, Date.now() + 1_000]) {
      const late = { sentAt, toleranceMs: 500 }
      const swaps = [{ id: 'a', expected: stands, version: stands.version + 1, record: OFFLINE }]
      expect((await storage.swap(swaps, late)).results).toEqual(['late'])
      expect(await storage.nodes.flush(flushOf('n.1', late))).toMatchObject({ outcome: 'late', sessions: 1 })
      expect(await storage.nodes.flush(flushOf('n.2', { first: true, ...late }))).toMatchObject({
        outcome: 'late',
      })
      expect(await storage.nodes.enlist('n.1', [{ id: 's2', user: 'b' }], late)).toMatchObject({
        outcome: 'late',
      })
      const claim = { incarnation: 'n.1', by: 'n.2', leaseMs: 1_000, ...late }
      expect(await storage.nodes.claim(claim)).toMatchObject({ outcome: 'late', sessions: [] })
      expect(await storage.nodes.discharge('n.1', 'n.2', ['s1'], late)).toMatchObject({ outcome: 'late' })
    }
    expect(await contents()).toEqual(before)
  })

  it('strange ids are users, sessions and incarnations of their own', async () => {
    const ids = [
      ...STRANGE_IDS,
      ...STRANGE_IDS.map((id) => `${id}|1|{x}:n`),
      'a}:u:b',
      '{a}',
      '}{',
      '\n',
      '|',
    ]
    const swaps = ids.map((id, index) => ({
      id,
      expected: { epoch: 0, version: 0 },
      version: index + 1,
      record: { ...ONLINE, sessions: [{ id: `s${id}`, node: id, activity: 'away' as const }] },
    }))
    const { results } = await storage.swap(swaps, ALWAYS)
    const begun = swaps.map((swap, index) => ({
      ...swap,
      expected: results[index] as { epoch: number; version: number },
    }))
    expect(new Set((await storage.swap(begun, ALWAYS)).results)).toEqual(new Set(['done']))
    const { records } = await storage.read(ids)
    expect(records.map((stands) => stands?.version)).toEqual(ids.map((_, index) => index + 1))
    expect(records.map((stands) => stands?.record)).toEqual(swaps.map(({ record }) => record))

    for (const id of ids) {
      await storage.nodes.flush(flushOf(id, { first: true, leaseMs: 1, silent: [{ id, ageMs: 7 }] }))
      await storage.nodes.enlist(id, [{ id, user: `u${id}` }], ALWAYS)
    }
    const { nodes } = await storage.nodes.flush(flushOf('n.1', { first: true }))
    expect(new Set(nodes.map(({ incarnation }) => incarnation))).toEqual(new Set([...ids, 'n.1']))
    for (const id of ids) {
      const reply = await storage.nodes.claim({ incarnation: id, by: 'n.1', leaseMs: 1_000, ...ALWAYS })
      expect(reply.sessions).toEqual([{ id, user: `u${id}`, lastLifeAt: reply.flushedAt - 7 }])
    }
  })

  it('records, nodes and buckets by the thousand go in commands of bounded size, and come back in order', async () => {
    const ids = Array.from({ length: 2_500 }, (_, index) => `user ${index}`)
    await storage.nodes.flush(flushOf('n.1', { first: true }))
    const { records } = await storage.read(ids)
    const swaps = ids.map((id, index) => ({
      id,
      expected: records[index] ?? ALWAYS_NEW,
      version: index + 1,
      record: OFFLINE,
    }))
    expect((await storage.swap(swaps, ALWAYS)).results).toEqual(ids.map(() => 'done'))
    const read = await storage.read([...ids].reverse())
    expect(read.records.map((stands) => stands?.version)).toEqual(ids.map((_, index) => index + 1).reverse())

    const sessions = ids.map((id) => ({ id, user: id }))
    expect(await storage.nodes.enlist('n.1', sessions, ALWAYS)).toMatchObject({ outcome: 'done' })
    const gone = ids.slice(0, 1_200)
    expect(await storage.nodes.flush(flushOf('n.1', { leaseMs: 1, gone }))).toMatchObject({ sessions: 1_300 })
    const claim = { incarnation: 'n.1', by: 'n.2', leaseMs: 1_000, ...ALWAYS }
    expect((await storage.nodes.claim(claim)).sessions).toHaveLength(1_300)
    expect(await storage.nodes.discharge('n.1', 'n.2', ids, ALWAYS)).toMatchObject({ outcome: 'done' })
    expect((await storage.nodes.claim(claim)).outcome).toBe('gone')
    expect((await storage.nodes.flush(flushOf('n.2', { first: true }))).nodes).toHaveLength(1)
  })

  it('a record is kept for good while a session lives, and for retainLastSeenMs without', async () => {
    const short = open({ retainLastSeenMs: 60_000 })
    const ttl = async (): Promise<number> => Number(await server.command('pttl', await keyOf('u:a')))
    await put(storage, 'a', OFFLINE)
    expect(await ttl()).toBeGreaterThan(31_535_000_000)
    await put(short, 'a', OFFLINE)
    expect(await ttl()).toBeGreaterThan(50_000)
    expect(await ttl()).toBeLessThanOrEqual(60_000)
    await put(short, 'a', ONLINE)
    expect(await ttl()).toBe(-1)
  })

  it('the fields of a record that this version does not know are kept', async () => {
    const more = { ...ONLINE, kicked: 3, invented: { later: [1, '|'] } }
    await put(storage, 'a', more)
    expect((await readOne(storage, 'a'))?.record).toEqual(more)
  })

  it('what is no record is told as one that could not be read, and the others are not touched by it', async () => {
    const good = await put(storage, 'good', ONLINE)
    for (const [id, value] of Object.entries(CORRUPT)) {
      await put(storage, id, ONLINE)
      await server.command('set', await keyOf(`u:${id}`), value)
    }
    const ids = Object.keys(CORRUPT)
    const expected = { epoch: good.epoch, version: 1 }
    expect((await storage.read([...ids, 'good'])).records).toEqual([...ids.map(() => null), good])
    const swaps = [...ids, 'good'].map((id) => ({ id, expected, version: 2, record: OFFLINE }))
    const { results } = await storage.swap(swaps, ALWAYS)
    expect(results).toEqual([...ids.map(() => 'failed'), 'done'])
  })

  it('a key that holds no text fails alone', async () => {
    await put(storage, 'a', ONLINE)
    const key = await keyOf('u:a')
    await server.command('del', key)
    await server.command('lpush', key, 'x')
    const { records } = await storage.read(['b'])
    const swaps = ['a', 'b'].map((id) => ({
      id,
      expected: records[0] ?? ALWAYS_NEW,
      version: 1,
      record: ONLINE,
    }))
    const { results } = await storage.swap(swaps, ALWAYS)
    expect(results[0]).toBe('failed')
    expect(results[1]).not.toBe('failed')
  })

  it('the keys begin with the prefix, whatever keyPrefix and form of replies the client of the application has', async () => {
    const prefixed = version.single({ port: server.port, keyPrefix: 'app:', ...TWISTED })
    const other = open({ client: prefixed, prefix: 'mine' })
    await put(other, 'a', ONLINE)
    expect((await keys()).every((key) => key.startsWith('mine:'))).toBe(true)
    const heard: string[] = []
    await other.bus.listen('n', (message) => heard.push(message))
    expect(await server.command('pubsub', 'channels')).toEqual(['mine:{bus:n}'])
    await other.bus.publish('n', 'hello')
    await expect.poll(() => heard).toEqual(['hello'])
    expect(await readOne(open(), 'a')).toMatchObject({ version: 0 })
  })

  it('keys of another layout under the same prefix are refused, and not touched', async () => {
    await server.command('set', 'presencekit:layout', '9 1024')
    for (const call of [storage.read(['a']), storage.nodes.flush(flushOf('n.1', { first: true }))]) {
      await expect(call).rejects.toMatchObject({
        code: 'CONFIG',
        message: expect.stringContaining('9 1024') as string,
      })
    }
    expect(await keys()).toEqual(['presencekit:layout'])
    await server.command('del', 'presencekit:layout')
    await put(storage, 'a', ONLINE)
  })

  it('the client of the application is neither connected, nor changed, nor ended', async () => {
    await put(storage, 'a', ONLINE)
    await storage.bus.listen('n', () => {})
    expect(client.status).toBe('wait')
    await storage.close()
    expect(client.status).toBe('wait')
  })

  it('after close every call is refused, and Redis has lost all connections', async () => {
    await put(storage, 'a', ONLINE)
    await storage.bus.listen('n', () => {})
    const clients = async (): Promise<number> =>
      String(await server.command('client', 'list'))
        .trim()
        .split('\n').length
    expect(await clients()).toBe(3)
    await storage.close()
    await expect.poll(clients).toBe(1)
    for (const call of [
      storage.read(['a']),
      storage.swap([], ALWAYS),
      storage.nodes.flush(flushOf('n.1')),
      storage.nodes.release('n.1'),
      storage.bus.publish('n', 'x'),
      storage.bus.listen('n', () => {}),
    ]) {
      expect(await failureOf(Promise.resolve(call))).toMatchObject({ code: 'CLOSED' })
    }
    await expect.poll(clients).toBe(1)
  })

  it('a storage that was never used closes without having connected', async () => {
    await open().close()
    expect(
      String(await server.command('client', 'list'))
        .trim()
        .split('\n'),
    ).toHaveLength(1)
  })

  /** Everything in Redis. */
  async function contents(): Promise<unknown> {
    const names = (await keys()).sort()
    return Promise.all(names.map(async (key) => [key, await server.command('dump', key)]))
  }
})

/** By these replies look otherwise, or commands fail later or not at all. */
const TWISTED = {
  stringNumbers: true,
  replyMapping: 'resp3',
  maxRetriesPerRequest: null,
  enableAutoPipelining: true,
  commandTimeout: undefined,
}

const ALWAYS_NEW = { epoch: 0, version: 0 }

const CORRUPT = {
  nothing: '',
  'a word': 'x',
  'no record': '5|1|',
  'half a record': '5|1|[["s","n"],null,null,null,null]',
  'another kind': '5|1|{}',
  'too short': '5|1|[[]]',
  'no epoch': 'x|1|[[],null,null,null,null]',
  'a number': '7',
}
