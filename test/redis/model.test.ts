/** The model that simulations run is what Redis does: thousands of random sequences on both, all answers compared. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisStorage, type RedisStorage } from 'presencekit/redis'
import { type RedisCluster, startCluster } from '../support/redis-groups.ts'
import { missingRedis, type RedisServer, redisTitle, startRedis } from '../support/redis-server.ts'
import { brokenStorages } from '../testing/conformance/broken-storages.ts'
import { type TestClient, type Version, VERSIONS } from './kit.ts'
import { NODES, scenarios } from './model-operations.ts'
import { compare, type RealSide, type Tally } from './model-world.ts'

const SEQUENCES = 2_000
/** Each wipes the whole of its server, and waits for its answers most of the time. */
const SERVERS = 4
/** Each flush asks every part of a cluster. */
const SEQUENCES_IN_A_CLUSTER = 60
/** Among so many sequences each broken storage shows. */
const SEQUENCES_TO_FAIL = 500
/** Some fifty thousand calls on a real server, on a busy machine. */
const PATIENCE_MS = 180_000

const OUTCOMES = {
  swap: ['done', 'something else', 'late'],
  flush: ['kept', 'lost', 'late'],
  enlist: ['done', 'lost', 'late'],
  claim: ['claimed', 'alive', 'taken', 'gone', 'late'],
  discharge: ['done', 'lost', 'late'],
}

interface Side extends RealSide {
  readonly adapters: readonly RedisStorage[]
  close(): Promise<void>
}

describe.skipIf(missingRedis !== null)(
  redisTitle('The model of shared storage answers as Redis does'),
  () => {
    const [version] = VERSIONS as [Version]

    describe('one Redis', () => {
      let servers: readonly RedisServer[]
      let sides: readonly Side[]
      beforeAll(async () => {
        servers = await Promise.all(Array.from({ length: SERVERS }, () => startRedis()))
        sides = servers.map((server) => openSide(version.single({ port: server.port }), async () => [server]))
      })
      afterAll(async () => {
        await Promise.all(sides.map((side) => side.close()))
        await Promise.all(servers.map((server) => server.stop()))
      })

      test(
        `in ${SEQUENCES} sequences of calls, in which every outcome is met`,
        async () => {
          const tally: Tally = new Map()
          await Promise.all(sides.map((side) => check(side, SEQUENCES / SERVERS, tally)))
          const outcomes = Object.entries(OUTCOMES).flatMap(([call, some]) =>
            some.map((one) => `${call} ${one}`),
          )
          expect(outcomes.filter((outcome) => (tally.get(outcome) ?? 0) < SEQUENCES / 20)).toEqual([])
        },
        PATIENCE_MS,
      )

      test.each(
        brokenStorages
          .filter(({ breaks }) => breaks.startsWith('nodes'))
          .map(({ title, wrap }) => [title, wrap] as const),
      )(
        'and not as a storage that %s',
        async (_, wrap) => {
          const [side] = sides as [Side]
          const adapters = side.adapters.map((adapter) => wrap(adapter))
          await expect(check({ ...side, adapters }, SEQUENCES_TO_FAIL)).rejects.toMatchObject({
            cause: { message: expect.stringContaining('Redis says') as string },
          })
        },
        PATIENCE_MS,
      )
    })

    describe('a cluster', () => {
      let cluster: RedisCluster
      let side: Side
      beforeAll(async () => {
        cluster = await startCluster()
        side = openSide(version.cluster(cluster.nodes), () => cluster.masters())
      })
      afterAll(async () => {
        await side.close()
        await cluster.stop()
      })

      test(
        `in ${SEQUENCES_IN_A_CLUSTER} sequences of calls`,
        () => check(side, SEQUENCES_IN_A_CLUSTER),
        PATIENCE_MS,
      )
    })
  },
)

function check(side: RealSide, numRuns: number, tally?: Tally): Promise<void> {
  const names = fc.nat(1_000)
  return fc.assert(
    fc.asyncProperty(scenarios, names, (scenario, world) => compare(side, scenario, world, tally)),
    // A broken one shall be found, not understood.
    { numRuns, endOnFailure: numRuns === SEQUENCES_TO_FAIL },
  )
}

function openSide(client: TestClient, masters: () => Promise<readonly RedisServer[]>): Side {
  const adapters = Array.from({ length: NODES }, () => redisStorage({ client }))
  return {
    adapters,
    async wipe() {
      for (const master of await masters()) await master.flushAll()
      for (const master of await masters()) await nextMillisecond(master)
    },
    async close() {
      await Promise.all(adapters.map((adapter) => adapter.close()))
      client.disconnect()
    },
  }
}

async function nextMillisecond(server: RedisServer): Promise<void> {
  const before = await millisecond(server)
  while ((await millisecond(server)) === before) {
    // It is never far.
  }
}

async function millisecond(server: RedisServer): Promise<number> {
  const [seconds, microseconds] = (await server.command('time')) as [string, string]
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
}
