/**
 * Nodes whose process stands still, seen frame by frame: by clients that answer every heartbeat and never give up, so that
 * all that is wrong is the node.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ServerMessage } from '../../src/core/messages.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'
import { missingRedis, type RedisServer, redisTitle, startRedis, until } from '../support/redis-server.ts'
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { DELIVERY_MS } from './crowd.ts'
import { F, H, killNodes, L, type NodeProcess, startNode, T, W } from './node.ts'
import { userName } from './people.ts'

const [WATCHER, MOVER, OBSERVER] = [userName(0), userName(1), userName(2)]

let redis: RedisServer
let way: TcpProxy
const nodes: NodeProcess[] = []
const clients: RawClient[] = []

describe.skipIf(missingRedis !== null)(redisTitle('a process that stands still'), () => {
  beforeEach(async () => {
    redis = await startRedis()
    way = await openTcpProxy(redis.port)
  })
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.terminate()
    await killNodes(nodes.splice(0))
    await way.close()
    await redis.stop()
  })

  test('S13, S1: a zombie makes no transition and says nothing unmarked before it has joined again', async () => {
    const zombie = await start(way.port)
    const other = await start(redis.port)
    const [watcher, mover] = [await enter(zombie, WATCHER), await enter(zombie, MOVER)]
    const observer = await enter(other, OBSERVER)
    await Promise.all([seen(watcher, MOVER, 'online'), seen(observer, MOVER, 'online')])

    zombie.freeze()
    await seen(observer, MOVER, 'offline', T + W + L + F + DELIVERY_MS)
    // Lies unread in its socket, and would be told to the watcher and written at once.
    mover.send({ type: 'PRESENCE_UPDATE', status: 'away' })
    // As if a heartbeat had been on the way when it stopped: what it thaws to are live connections.
    watcher.send({ type: 'heartbeat' })
    await wait(T / 4)
    const before = watcher.frames.length
    way.hold()
    zombie.thaw()
    await wait(L)
    expect(unmarked(watcher.frames.slice(before))).toEqual([])
    expect(lastOf(observer, MOVER)).toBe('offline')

    way.release()
    const bound = 2 * F + 1.1 * H + DELIVERY_MS
    await Promise.all([seen(watcher, MOVER, 'away', bound), seen(observer, MOVER, 'away', bound)])
    await seen(observer, WATCHER, 'online', bound)
    expect(lastOf(watcher, OBSERVER)).toBe('online')
  })

  test('S2: a node that stalls for almost T reads what lay unread before it judges', async () => {
    const node = await start(redis.port)
    const users = Array.from({ length: 20 }, (_, index) => userName(index))
    const crowd = await Promise.all(users.map((user) => enter(node, user)))
    await wait(H)
    node.freeze()
    await wait(T / 2)
    // As if heartbeats had been on the way when it stopped.
    for (const client of crowd) client.send({ type: 'heartbeat' })
    await wait(T / 2 - F)
    node.thaw()
    await wait(T / 2)
    expect(crowd.flatMap((client) => users.filter((user) => wasOffline(client, user)))).toEqual([])
    expect(crowd.filter(({ socket }) => socket.readyState !== socket.OPEN)).toEqual([])
    expect(await node.health()).toMatchObject({ ready: true, connections: crowd.length })
  })
})

async function start(port: number): Promise<NodeProcess> {
  const node = await startNode({ port })
  nodes.push(node)
  return node
}

async function enter(node: NodeProcess, user: string): Promise<RawClient> {
  const client = await openRawClient(`ws://127.0.0.1:${node.port}`, user)
  clients.push(client)
  return client
}

/** The last that a client was told of a user becomes this status, in time. */
async function seen(client: RawClient, user: string, status: string, withinMs = DELIVERY_MS): Promise<void> {
  const startedAt = performance.now()
  await until(() => lastOf(client, user) === status, `${user} to be ${status}`)
  expect(performance.now() - startedAt).toBeLessThan(withinMs)
}

/** The status of a user that a client was told last. */
function lastOf({ frames }: RawClient, user: string): string | undefined {
  return frames
    .flatMap(recordsOf)
    .filter((record) => record.user === user)
    .at(-1)?.status
}

function recordsOf(frame: ServerMessage) {
  return frame.type === 'PRESENCE_UPDATE' || frame.type === 'snapshot' ? frame.users : []
}

/** What a client was told as if it were certain: frames behind a `stale` one are marked by that. */
function unmarked(frames: readonly ServerMessage[]): ServerMessage[] {
  const isMarked = frames.findIndex((frame) => frame.type === 'stale' && frame.stale)
  const certain = isMarked < 0 ? frames : frames.slice(0, isMarked)
  const revoked = frames.filter((frame) => frame.type === 'stale' && !frame.stale)
  return [...revoked, ...certain.filter((frame) => recordsOf(frame).some(({ stale }) => stale !== true))]
}

/** Whether a client was told that a user had gone. */
function wasOffline({ frames }: RawClient, user: string): boolean {
  const changes = frames.filter(({ type }) => type === 'PRESENCE_UPDATE')
  return changes.flatMap(recordsOf).some((record) => record.user === user && record.status === 'offline')
}
