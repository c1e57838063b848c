/** The Redis user of SECURITY.md: it is enough for all that presence does, and for nothing else. */
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisStorage } from 'presencekit/redis'
import { busSuite, type OpenedStorage, storageSuite } from 'presencekit/testing'
import { missingRedis, type RedisServer, redisTitle, startRedis } from '../support/redis-server.ts'
import { type TestClient, VERSIONS } from './kit.ts'

const page = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8')
const RULES = /^user (\S+) on >(\S+) (.+)$/m.exec(page) ?? []
const [, username = '', password = '', rules = ''] = RULES
const TIMEOUT_MS = 1_000
const CASE_MS = 30_000
const [VERSION] = VERSIONS

describe.skipIf(missingRedis !== null)(redisTitle('The Redis user of SECURITY.md'), () => {
  let redis: RedisServer
  const clients: TestClient[] = []

  const connect = (): TestClient => {
    const client = VERSION?.single({ host: '127.0.0.1', port: redis.port, username, password })
    if (!client) throw new Error('There is no version of ioredis')
    clients.push(client)
    return client
  }
  const open = (): OpenedStorage => {
    const client = connect()
    return {
      connect: () => redisStorage({ client, commandTimeoutMs: TIMEOUT_MS }),
      advance: (durationMs) => wait(durationMs),
      wipe: () => redis.flushAll(),
      close: async () => {
        client.disconnect()
        await redis.flushAll()
      },
    }
  }

  beforeAll(async () => {
    redis = await startRedis()
    await redis.command('acl', 'setuser', username, 'on', `>${password}`, ...rules.split(' '))
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await redis.stop()
  })

  const options = { supports: { nodes: true, wipe: true }, settleMs: 4_000, open }
  for (const { name, run } of [...storageSuite(options), ...busSuite(options)])
    test(`is enough: ${name}`, run, CASE_MS)

  test.each([
    ['get', 'somebody:else'],
    ['keys', '*'],
    ['flushall'],
    ['config', 'get', '*'],
    ['subscribe', 'somebody:else'],
  ])('is not let do anything else: %s', async (name, ...args) => {
    const client = connect() as TestClient & { call(name: string, ...args: string[]): Promise<unknown> }
    await expect(client.call(name, ...args)).rejects.toThrow(/NOPERM/)
  })
})
