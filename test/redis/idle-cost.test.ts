/**
 * O(1): what a node sends to Redis while nobody does anything does not grow with its connections.
 *
 * Everything that a node does by the clock follows T, so what it sends in T at T = 6 s is what it sends in a minute at
 * T = 60 s. Connections live in memory, their heartbeats included; the clock and Redis are real.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { comeOnline } from '../../bench/support/quiet-peer.mjs'
import type { Sent } from '../../bench/support/counted-client.mjs'
import { missingRedis, type RedisServer, redisTitle, startRedis } from '../support/redis-server.ts'
import { ageEpochs, type CostNode, inShort, openCostNode } from './cost-world.ts'
import { type TestClient, VERSIONS } from './kit.ts'

const T = 6_000
const FLUSHES_IN_T = 12
/** Of what is counted, in T: the more, the less the edges matter. */
const WINDOW = 2
const NEVER_MS = 86_400_000
/** Users who come at once: a storm is not what is measured here. */
const BATCH = 250
const [VERSION] = VERSIONS

describe.skipIf(missingRedis !== null)(redisTitle('The cost of idle connections'), () => {
  let redis: RedisServer
  let client: TestClient
  let node: CostNode | undefined

  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  beforeEach(async () => {
    await redis.flushAll()
    await ageEpochs(redis)
    client = VERSION?.single({ port: redis.port }) as TestClient
  })
  afterEach(async () => {
    await node?.server.close()
    client.disconnect()
  })

  /** So many users in a ring, each with as many contacts; all are online, and each watches them all. */
  const crowd = async (count: number, contacts: number, compareMs: number): Promise<CostNode> => {
    const userAt = (place: number): string => `user ${(place + count) % count}`
    const contactsOf = (user: string): readonly string[] =>
      Array.from({ length: contacts }, (_, index) => userAt(Number(user.slice(5)) + index - contacts / 2))
    node = await openCostNode(client, contactsOf, {
      heartbeat: { timeoutMs: T },
      compareMs,
      limits: { admissionsPerSecond: 0 },
    })
    for (let from = 0; from < count; from += BATCH) {
      const peers = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) =>
        comeOnline(node?.server as never, userAt(from + index)),
      )
      await expect.poll(() => peers.every(({ frames }) => frames > 1), { timeout: T }).toBe(true)
    }
    await wait(T / 2)
    node.takeSent()
    return node
  }
  const sentIn = async ({ takeSent }: CostNode, durationMs: number): Promise<readonly Sent[]> => {
    await wait(durationMs)
    return takeSent()
  }
  const perMinute = async (count: number): Promise<number> => {
    // Or the users of the node before would be ended meanwhile, which is not idle.
    await redis.flushAll()
    await ageEpochs(redis)
    const idle = await crowd(count, 100, NEVER_MS)
    const sent = await sentIn(idle, WINDOW * T)
    expect(idle.server.health()).toMatchObject({ connections: count, reasons: [] })
    await idle.server.close()
    return sent.length / WINDOW
  }

  it('100 and 10,000 connections that watch 100 users each: a node sends the same, the comparison apart', {
    timeout: 120_000,
  }, async () => {
    const few = await perMinute(100)
    const many = await perMinute(10_000)
    expect(Math.abs(many - few) / few).toBeLessThan(0.1)
    // The index, the entry, the epochs, and a message to itself, whose number it may say again.
    const each = few / FLUSHES_IN_T
    expect(each).toBeGreaterThan(3.5)
    expect(each).toBeLessThan(5.5)
  })

  it('the comparison: one read for each 1,000 users who are watched, every A', {
    timeout: 60_000,
  }, async () => {
    const A = 2_000
    const idle = await crowd(2_500, 4, A)
    const sent = await sentIn(idle, 3 * A)
    const reads = sent.filter(({ kind }) => kind === 'read')
    const rounds = reads.length / 3
    expect(rounds).toBeGreaterThanOrEqual(2)
    expect(rounds).toBeLessThanOrEqual(4)
    expect(inShort(reads).sort().slice(0, 3)).toEqual(['read 1000', 'read 1000', 'read 1000'])
    expect(new Set(inShort(reads))).toEqual(new Set(['read 1000', 'read 500']))
  })
})
