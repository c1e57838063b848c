/** What presence costs, in commands to a real Redis, counted where they leave. docs/scaling.md builds on these numbers. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { comeOnline, type Peer } from '../../bench/support/quiet-peer.mjs'
import { createPresenceClient } from '../../src/client/index.ts'
import { missingRedis, type RedisServer, redisTitle, startRedis } from '../support/redis-server.ts'
import { ageEpochs, type CostNode, inShort, openCostNode, sentByAll } from './cost-world.ts'
import { type TestClient, VERSIONS } from './kit.ts'

/** Alice knows four; two of them come to the second node, one to the third, and the last stays away. */
const CONTACTS = ['bob', 'carol', 'dave', 'erin']
const contactsOf = (user: string): readonly string[] => (user === 'alice' ? CONTACTS : ['alice'])
const [VERSION] = VERSIONS

describe.skipIf(missingRedis !== null)(redisTitle('The cost of a change, on three nodes'), () => {
  let redis: RedisServer
  let client: TestClient
  let nodes: CostNode[]
  let watchers: Peer[]

  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.stop())
  beforeEach(async () => {
    await redis.flushAll()
    await ageEpochs(redis)
    client = VERSION?.single({ port: redis.port }) as TestClient
    // One after the other: those who join at the same moment may know of each other only by the next flush, which is far away here.
    nodes = []
    for (let count = 0; count < 3; count++) nodes.push(await openCostNode(client, contactsOf))
    const [, second, third] = nodes
    watchers = [
      comeOnline(second?.server as never, 'bob'),
      comeOnline(second?.server as never, 'carol'),
      comeOnline(third?.server as never, 'dave'),
    ]
    await sentByAll(nodes)
    for (const node of nodes) node.takeLookUps()
  })
  afterEach(async () => {
    await Promise.all(nodes.map(({ server }) => server.close()))
    client.disconnect()
  })

  /** What the three nodes have sent because of something, and whether it arrived. */
  const cost = async (status: string): Promise<readonly [string[], string[], string[]]> => {
    const [first = [], second = [], third = []] = await sentByAll(nodes)
    for (const { last } of watchers)
      expect(JSON.parse(last)).toMatchObject({ users: [{ user: 'alice', status }] })
    return [inShort(first), inShort(second), inShort(third)]
  }
  const lookUps = (): string[][] => nodes.map((node) => node.takeLookUps())
  const server = () => nodes[0]?.server as never

  it('going online: two writes, a read of the user, one of the contacts, and a message a node with contacts', async () => {
    comeOnline(server(), 'alice')
    expect(await cost('online')).toEqual([
      ['entry', 'read 1', 'swap', 'read 5', 'publish', 'publish'],
      [],
      [],
    ])
  })

  it('going online with contacts that have to be waited for costs no more', async () => {
    const slow = await openCostNode(client, async (user) => {
      await nextTurn()
      return contactsOf(user)
    })
    nodes.push(slow)
    await sentByAll(nodes)
    comeOnline(slow.server, 'alice')
    const sent = (await sentByAll(nodes)).map(inShort)
    expect(sent.at(-1)).toEqual(['entry', 'read 1', 'swap', 'read 5', 'publish', 'publish'])
  })

  it('the shipped client, on a real socket, costs the same', async () => {
    const http = createServer().listen(0, '127.0.0.1')
    const { detach } = nodes[0]?.server.attach(http, { path: '/presence' }) ?? {}
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    const url = `ws://127.0.0.1:${port}/presence`
    // By default it waits 25 ms for more to subscribe to; a connection takes longer than that but on one machine.
    const alice = createPresenceClient({ url, token: 'alice', subscribeBatchMs: 0 })
    const contacts = alice.subscribeContacts(() => {})
    await contacts.ready
    expect((await cost('online'))[0]).toEqual(['entry', 'read 1', 'swap', 'read 5', 'publish', 'publish'])
    expect(nodes.map((node) => node.takeLookUps().length)).toEqual([2, 0, 0])
    await alice.disconnect()
    expect((await cost('offline'))[0]).toEqual(['swap', 'read 5', 'publish', 'publish'])
    detach?.()
    http.close()
  })

  it('coming back soon: two writes and one read, for the node knows its users for a while', async () => {
    const alice = comeOnline(server(), 'alice')
    await cost('online')
    alice.say({ type: 'PRESENCE_UPDATE', status: 'offline' })
    await cost('offline')
    comeOnline(server(), 'alice')
    expect((await cost('online'))[0]).toEqual(['entry', 'swap', 'read 5', 'publish', 'publish'])
  })

  it('a later change, and a goodbye: one write, one read, and a message a node with contacts', async () => {
    const alice = comeOnline(server(), 'alice')
    await cost('online')
    for (const status of ['away', 'online', 'offline']) {
      alice.say({ type: 'PRESENCE_UPDATE', status })
      expect(await cost(status)).toEqual([['swap', 'read 5', 'publish', 'publish'], [], []])
    }
  })

  it('a second session, and the end of it: no transition, nobody is asked or told', async () => {
    comeOnline(server(), 'alice')
    await cost('online')
    lookUps()
    const other = comeOnline(server(), 'alice', false)
    expect((await cost('online'))[0]).toEqual(['entry', 'swap'])
    other.say({ type: 'PRESENCE_UPDATE', status: 'offline' })
    expect((await cost('online'))[0]).toEqual(['swap'])
    expect(lookUps().flat()).toEqual([])
  })

  it('who watches the contact list asks for it once, and each transition once more', async () => {
    const alice = comeOnline(server(), 'alice')
    await cost('online')
    expect(lookUps()).toEqual([['alice', 'alice'], [], []])
    alice.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    await cost('away')
    expect(lookUps()).toEqual([['alice'], [], []])
  })

  it('many changes in one turn of the loop are one swap, one read, and one message a node', async () => {
    const book = (user: string): readonly string[] => (user.startsWith('crowd') ? ['bob', 'dave'] : [])
    const node = await openCostNode(client, book)
    nodes.push(node)
    const crowd = Array.from({ length: 50 }, (_, index) => comeOnline(node.server, `crowd ${index}`, false))
    await sentByAll(nodes)
    for (const peer of crowd) peer.say({ type: 'PRESENCE_UPDATE', status: 'away' })
    const sent = (await sentByAll(nodes)).map(inShort)
    expect(sent.at(-1)).toEqual(['swap', 'read 52', 'publish', 'publish'])
  })
})
