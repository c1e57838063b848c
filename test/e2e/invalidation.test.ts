/**
 * Three nodes on real Redis, contacts and settings in real PostgreSQL: a contact that is removed, added or blocked takes
 * effect on every node, announced by the application or by the database itself.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import {
  contactsTrigger,
  postgresContacts,
  postgresPrivacy,
  privacySchema,
  privacyTrigger,
} from 'presencekit/postgres'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { redisStorage } from '../../src/server/redis/index.ts'
import { createPresenceServer, type PresenceServer } from '../../src/server/index.ts'
import { addPairs, CONTACTS_TABLE, emptyDatabase, listeners } from '../postgres/kit.ts'
import {
  missingPostgres,
  type PostgresServer,
  postgresTitle,
  startPostgres,
} from '../support/postgres-server.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'
import {
  HOST,
  missingRedis,
  type RedisServer,
  redisTitle,
  startRedis,
  until,
} from '../support/redis-server.ts'

interface Node {
  readonly presence: PresenceServer
  readonly http: Server
  readonly url: string
}

const NODES = 3
let redis: RedisServer
let postgres: PostgresServer
let nodes: Node[] = []
const clients: RawClient[] = []

beforeAll(async () => {
  if (missingRedis !== null || missingPostgres !== null) return
  redis = await startRedis()
  postgres = await startPostgres()
})
afterAll(async () => {
  if (missingRedis !== null || missingPostgres !== null) return
  await redis.stop()
  await postgres.stop()
})
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.terminate()
  await Promise.all(nodes.map(({ presence }) => presence.close()))
  for (const { http } of nodes) http.close()
  nodes = []
})

/** Alice and Bob are contacts; the database tells of changes if `listens`. */
async function open(listens: boolean): Promise<void> {
  await redis.flushAll()
  await emptyDatabase(postgres)
  await postgres.sql(`${CONTACTS_TABLE}; ${privacySchema()}`)
  await postgres.sql(`${contactsTrigger({ table: 'contacts' })}; ${privacyTrigger()}`)
  await befriend()
  nodes = await Promise.all(Array.from({ length: NODES }, () => openNode(listens)))
  // A pool's client for the contacts, and one for the settings.
  if (listens)
    await until(async () => (await listeners(postgres)).length === 2 * NODES, 'all nodes to listen')
}

async function openNode(listens: boolean): Promise<Node> {
  const pool = postgres.pool()
  const channel = listens ? {} : ({ channel: false } as const)
  const presence = createPresenceServer({
    authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
    contacts: postgresContacts({ pool, table: 'contacts', ...channel }),
    privacy: postgresPrivacy({ pool, ...channel }),
    storage: redisStorage({ client: new Redis({ host: HOST, port: redis.port, lazyConnect: true }) }),
  })
  const http = createServer()
  presence.attach(http, { path: '/' })
  await new Promise<void>((resolve) => http.listen(0, HOST, resolve))
  await until(() => presence.health().ready, 'a node to be ready')
  return { presence, http, url: `ws://${HOST}:${String((http.address() as AddressInfo).port)}` }
}

const befriend = () =>
  addPairs(postgres, [
    ['alice', 'bob'],
    ['bob', 'alice'],
  ])
const part = () => postgres.sql('DELETE FROM contacts')

async function connect(node: Node | undefined, user: string, watches: boolean): Promise<RawClient> {
  const client = await openRawClient(node?.url ?? '', watches ? user : undefined)
  clients.push(client)
  if (watches) await client.next((frame) => frame.type === 'snapshot')
  return client
}

/** Alice is on the first node; who watches her by list on the second, by id on the third. */
async function gather(): Promise<RawClient[]> {
  await connect(nodes[0], 'alice', true)
  const byList = await connect(nodes[1], 'bob', true)
  const byId = await connect(nodes[2], 'bob', false)
  for (const message of [
    { type: 'hello', version: 1, token: 'bob' },
    { type: 'PRESENCE_UPDATE', status: 'online' },
    { type: 'subscribe', users: ['alice'], ref: 1 },
  ])
    byId.send(message)
  await byId.next((frame) => frame.type === 'snapshot')
  return [byList, byId]
}

/** What a client was told of Alice last. */
function lastOf({ frames }: RawClient): string | undefined {
  const told = frames.flatMap((frame) => ('users' in frame ? frame.users : []))
  return told.filter(({ user }) => user === 'alice').at(-1)?.status
}

async function allSee(watchers: readonly RawClient[], status: string | undefined): Promise<void> {
  const since = performance.now()
  await until(() => watchers.every((watcher) => lastOf(watcher) === status), `all to see ${String(status)}`)
  process.stdout.write(`all see ${String(status)} after ${Math.round(performance.now() - since)} ms\n`)
}

const asBob = async (): Promise<(string | undefined)[]> =>
  Promise.all(nodes.map(async ({ presence }) => (await presence.get(['alice'], { as: 'bob' }))[0]?.status))

describe.skipIf(missingRedis !== null || missingPostgres !== null)(
  postgresTitle(redisTitle('three nodes, Redis and PostgreSQL')),
  () => {
    test.each([['alice'], ['bob']])(
      'S8: removed and added again, announced by %s on one node: pushes and queries on all nodes follow',
      async (announced) => {
        await open(false)
        const watchers = await gather()
        await allSee(watchers, 'online')
        await part()
        await nodes[2]?.presence.invalidateContacts(announced)
        await allSee(watchers, 'unknown')
        expect(await asBob()).toEqual(['unknown', 'unknown', 'unknown'])
        await befriend()
        await nodes[1]?.presence.invalidateContacts(announced)
        await allSee(watchers, 'online')
        expect(await asBob()).toEqual(['online', 'online', 'online'])
      },
    )

    test('S8: nobody announces anything: the database tells every node, of contacts, blocks and settings', async () => {
      await open(true)
      const watchers = await gather()
      await allSee(watchers, 'online')
      await part()
      await allSee(watchers, 'unknown')
      await befriend()
      await allSee(watchers, 'online')
      await postgres.sql(`INSERT INTO presence_blocks VALUES ('alice', 'bob')`)
      await allSee(watchers, 'unknown')
      expect(await asBob()).toEqual(['unknown', 'unknown', 'unknown'])
      await postgres.sql('DELETE FROM presence_blocks')
      await allSee(watchers, 'online')
      await postgres.sql(`INSERT INTO presence_privacy (user_id, online) VALUES ('alice', 'nobody')`)
      await allSee(watchers, 'unknown')
      await postgres.sql('DELETE FROM presence_privacy')
      await allSee(watchers, 'online')
    })
  },
)
