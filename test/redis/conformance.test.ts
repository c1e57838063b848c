/** The Redis storage and its bus, held to their contracts on real servers, by both versions of ioredis. */
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { redisStorage } from 'presencekit/redis'
import { busSuite, type OpenedStorage, storageSuite, type StorageSupports } from 'presencekit/testing'
import {
  type RedisCluster,
  type RedisSentinels,
  startCluster,
  startSentinels,
} from '../support/redis-groups.ts'
import { missingRedis, type RedisServer, redisTitle, startRedis } from '../support/redis-server.ts'
import { type TestClient, type Version, VERSIONS } from './kit.ts'

const TIMEOUT_MS = 1_000
/** Two commands and a new connection, on a busy machine. */
const SETTLE_MS = 4_000
/** A case that waits for calls that fail, and more than once. */
const CASE_MS = 30_000

/** What there is to do the suite's bidding. */
interface Place {
  readonly title: string
  readonly supports: StorageSupports
  start(): Promise<void>
  stop(): Promise<void>
  connect(version: Version): TestClient
  masters(): Promise<readonly RedisServer[]>
  /** Cuts the way to the data. Gives what brings it back. */
  breakDown?(): Promise<() => void | Promise<void>>
}

const places = [single(), sentinels(), cluster()]

describe.skipIf(missingRedis !== null)(redisTitle('The contracts'), () => {
  describe.each(places)('$title', (place) => {
    beforeAll(() => place.start())
    afterAll(() => place.stop())
    for (const version of VERSIONS) describe(`by ${version.name}`, () => suites(place, version))
  })
})

function suites(place: Place, version: Version): void {
  const options = { supports: place.supports, settleMs: SETTLE_MS, open: () => open(place, version) }
  for (const { name, run } of [...storageSuite(options), ...busSuite(options)]) test(name, run, CASE_MS)
}

let opened = 0

function open(place: Place, version: Version): OpenedStorage {
  const client = place.connect(version)
  const prefix = `case ${++opened}`
  let repair = (): void | Promise<void> => {}
  return {
    connect: () => redisStorage({ client, prefix, commandTimeoutMs: TIMEOUT_MS }),
    advance: (durationMs) => wait(durationMs),
    async wipe() {
      for (const master of await place.masters()) await master.flushAll()
    },
    async breakDown() {
      repair = (await place.breakDown?.()) ?? repair
    },
    async close() {
      await repair()
      client.disconnect()
    },
  }
}

function single(): Place {
  let server: RedisServer
  return {
    title: 'on one Redis',
    supports: { nodes: true, wipe: true, breakDown: true },
    async start() {
      server = await startRedis()
    },
    stop: () => server.stop(),
    connect: ({ single: connect }) => connect({ port: server.port }),
    masters: async () => [server],
    async breakDown() {
      server.pause()
      return () => {
        server.resume()
      }
    },
  }
}

/** Nothing is broken here: that ends in a failover, which has tests of its own. */
function sentinels(): Place {
  let group: RedisSentinels
  return {
    title: 'behind Sentinels',
    supports: { nodes: true, wipe: true },
    async start() {
      group = await startSentinels()
    },
    stop: () => group.stop(),
    connect: ({ single: connect }) => connect({ sentinels: group.sentinels, name: group.name }),
    masters: async () => [await group.master()],
  }
}

function cluster(): Place {
  let group: RedisCluster
  return {
    title: 'in a cluster',
    supports: { nodes: true, wipe: true, breakDown: true },
    async start() {
      group = await startCluster()
    },
    stop: () => group.stop(),
    connect: ({ cluster: connect }) => connect(group.nodes),
    masters: () => group.masters(),
    /** Clients wait, while the servers go on to hear of each other: a pause of the processes would end in elections. */
    async breakDown() {
      const pauseMs = 2 * TIMEOUT_MS
      const until = Date.now() + pauseMs
      for (const master of await group.masters()) await master.command('client', 'PAUSE', pauseMs, 'ALL')
      return () => wait(until - Date.now())
    },
  }
}
