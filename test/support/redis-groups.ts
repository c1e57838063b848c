/** Real Redis servers that form one thing: a cluster, or a master with replicas and Sentinels. */
import { HOST, type RedisServer, startRedis, startSentinel, until } from './redis-server.ts'

/** Several servers that form one thing. */
export interface RedisGroup {
  readonly servers: readonly RedisServer[]
  stop(): Promise<void>
}

/** Masters that share the slots, each with a replica. */
export interface RedisCluster extends RedisGroup {
  /** For `new Cluster(…)`. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** The server that is master of a slot now. */
  masterOf(slot: number): Promise<RedisServer>
  /** The servers that are masters now. */
  masters(): Promise<RedisServer[]>
  /** The servers that have a copy of a slot now. */
  replicasOf(slot: number): Promise<readonly RedisServer[]>
  /** Moves a slot with the keys in it. @defaultValue to any other master */
  moveSlot(slot: number, to?: RedisServer): Promise<void>
}

/** A master, its replicas, and three Sentinels that watch them. */
export interface RedisSentinels extends RedisGroup {
  /** The Sentinels themselves; `servers` are the master and its replicas. */
  readonly watchers: readonly RedisServer[]
  readonly name: string
  /** For `new Redis({ sentinels, name })`. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[]
  /** The server that the Sentinels hold to be the master now. */
  master(): Promise<RedisServer>
}

/** Slots in a row, and who has them. */
interface SlotRange {
  readonly from: number
  readonly to: number
  readonly master: RedisServer
  readonly replicas: readonly RedisServer[]
}

/** The same as `CLUSTER SLOTS` tells it: from, to, and host and port of the master and of its replicas. */
type SlotRow = readonly [from: number, to: number, ...holders: (readonly [host: string, port: number])[]]

/** Keys moved with one command, and the time that it has. */
const MOVED_AT_ONCE = 1_000
const MOVE_MS = 5_000

/** Starts three masters and a replica of each. */
export async function startCluster(): Promise<RedisCluster> {
  const config = {
    'cluster-enabled': 'yes',
    'cluster-node-timeout': '500',
    'cluster-announce-ip': HOST,
    'cluster-require-full-coverage': 'no',
    'cluster-replica-validity-factor': '0',
    // A replica that has heard nothing yet is not listed.
    'repl-ping-replica-period': '1',
  }
  const servers = await Promise.all(Array.from({ length: 6 }, () => startRedis({ config })))
  await joinCluster(servers)
  const ranges = async (): Promise<SlotRange[]> => {
    const slots = (await firstAnswer(servers, 'cluster', 'SLOTS')) as SlotRow[]
    return slots.map(([from, to, ...holders]) => {
      const [master, ...replicas] = holders.map(([, port]) => byPort(servers, port))
      if (!master) throw new Error('Slots without a master')
      return { from, to, master, replicas }
    })
  }
  const rangeOf = async (slot: number): Promise<SlotRange> => {
    const found = (await ranges()).find(({ from, to }) => slot >= from && slot <= to)
    if (!found) throw new Error(`Nobody has slot ${slot}`)
    return found
  }
  const masters = async (): Promise<RedisServer[]> => [
    ...new Set((await ranges()).map(({ master }) => master)),
  ]
  return {
    servers,
    nodes: servers.map(({ port }) => ({ host: HOST, port })),
    masters,
    masterOf: async (slot) => (await rangeOf(slot)).master,
    replicasOf: async (slot) => (await rangeOf(slot)).replicas,
    async moveSlot(slot, to) {
      const { master } = await rangeOf(slot)
      const target = to ?? (await masters()).find((other) => other !== master)
      if (!target) throw new Error('There is but one master')
      await moveSlot(slot, master, target, { servers, masters })
    },
    stop: () => stopAll(servers),
  }
}

/** Starts a master with replicas, and three Sentinels. */
export async function startSentinels(replicas = 2): Promise<RedisSentinels> {
  const name = 'presence'
  const master = await startRedis()
  const others = await Promise.all(
    Array.from({ length: replicas }, () =>
      startRedis({
        config: { replicaof: `${HOST} ${master.port}` },
      }),
    ),
  )
  const servers = [master, ...others]
  const watchers = await Promise.all(Array.from({ length: 3 }, () => startSentinel(name, master.port)))
  const seen = async (): Promise<boolean> => {
    const states = await Promise.all(watchers.map((watcher) => watcher.command('sentinel', 'MASTERS')))
    return states.every((state) => isWhole(state, replicas))
  }
  await until(seen, 'the Sentinels to know each other and the replicas')
  return {
    name,
    servers,
    watchers,
    sentinels: watchers.map(({ port }) => ({ host: HOST, port })),
    async master() {
      const found = (await firstAnswer(watchers, 'sentinel', 'GET-MASTER-ADDR-BY-NAME', name)) as string[]
      return byPort(servers, Number(found[1]))
    },
    stop: () => stopAll([...watchers, ...servers]),
  }
}

async function joinCluster(servers: readonly RedisServer[]): Promise<void> {
  const masters = servers.slice(0, servers.length / 2)
  const replicas = servers.slice(masters.length)
  const share = 16_384 / masters.length
  for (const [index, master] of masters.entries()) {
    const [from, to] = [Math.ceil(index * share), Math.ceil((index + 1) * share) - 1]
    await master.command('cluster', 'ADDSLOTSRANGE', from, to)
    await master.command('cluster', 'SET-CONFIG-EPOCH', index + 1)
  }
  await until(() => haveMet(servers), 'all servers to have met')
  for (const [index, replica] of replicas.entries()) {
    const id = String(await masters[index]?.command('cluster', 'MYID'))
    await until(async () => (await replica.command('cluster', 'REPLICATE', id)) === 'OK', 'a replica')
  }
  await untilAll(servers, 'INFO', (info) => info.includes('cluster_state:ok'))
  // Clients ask any of them.
  const isWhole = async (): Promise<boolean> => {
    const views = await Promise.all(servers.map((server) => server.command('cluster', 'SLOTS')))
    return (views as SlotRow[][]).every(
      (slots) => slots.length === masters.length && slots.every(([, , ...holders]) => holders.length === 2),
    )
  }
  await until(isWhole, 'all slots and replicas')
  const areLinked = async (): Promise<boolean> => {
    const roles = await Promise.all(replicas.map((replica) => replica.command('role')))
    return roles.every((role) => (role as unknown[])[3] === 'connected')
  }
  await until(areLinked, 'the replicas to follow')
}

/**
 * Whether everybody knows everybody; who does not is told to meet them. To hear of each other by gossip takes seconds, and a
 * handshake that was held up for a second is forgotten.
 */
async function haveMet(servers: readonly RedisServer[]): Promise<boolean> {
  const missing = await Promise.all(
    servers.map(async (server) => {
      const lines = String(await server.command('cluster', 'NODES')).split('\n')
      const known = lines.filter((line) => !line.includes('handshake'))
      const strangers = servers.filter(({ port }) => !known.some((line) => line.includes(`:${port}@`)))
      await Promise.all(strangers.map(({ port }) => server.command('cluster', 'MEET', HOST, port)))
      return strangers.length
    }),
  )
  return missing.every((count) => count === 0)
}

/**
 * The way `redis-cli --cluster reshard` does it: all masters are told who has the slot now, and at last all know it. Told to two of
 * them alone it can be lost: where the target had not heard of the source's epoch both have the same, and by the next one of the
 * source, sent before it gave the slot away, the target takes it for the source's. Then each sends everybody to the other.
 */
async function moveSlot(
  slot: number,
  source: RedisServer,
  target: RedisServer,
  cluster: Pick<RedisCluster, 'servers' | 'masters'>,
): Promise<void> {
  const sourceId = String(await source.command('cluster', 'MYID'))
  const targetId = String(await target.command('cluster', 'MYID'))
  await target.command('cluster', 'SETSLOT', slot, 'IMPORTING', sourceId)
  await source.command('cluster', 'SETSLOT', slot, 'MIGRATING', targetId)
  for (;;) {
    const found = (await source.command('cluster', 'GETKEYSINSLOT', slot, MOVED_AT_ONCE)) as string[]
    if (found.length === 0) break
    await source.command('migrate', HOST, target.port, '', 0, MOVE_MS, 'KEYS', ...found)
  }
  const others = (await cluster.masters()).filter((master) => master !== target && master !== source)
  for (const master of [target, source, ...others])
    await master.command('cluster', 'SETSLOT', slot, 'NODE', targetId)
  const isKnown = async (): Promise<boolean> => {
    const owners = await Promise.all(cluster.servers.map((server) => ownerOf(slot, server)))
    return owners.every((port) => port === target.port)
  }
  await until(isKnown, `all to know who has slot ${slot}`)
}

/** The port of the master that has a slot, as a server knows it. */
async function ownerOf(slot: number, server: RedisServer): Promise<number | undefined> {
  const rows = (await server.command('cluster', 'SLOTS')) as SlotRow[]
  const [, , owner] = rows.find(([from, to]) => slot >= from && slot <= to) ?? []
  return owner?.[1]
}

async function untilAll(
  servers: readonly RedisServer[],
  about: string,
  isSo: (text: string) => boolean,
): Promise<void> {
  const areSo = async (): Promise<boolean> =>
    (await Promise.all(servers.map((server) => server.command('cluster', about)))).every((text) =>
      isSo(String(text)),
    )
  await until(areSo, `CLUSTER ${about}`)
}

function isWhole(state: unknown, replicas: number): boolean {
  const flat = (Array.isArray(state) ? (state as unknown[]) : []).flat(3).map(String)
  const after = (field: string): string | undefined => flat[flat.indexOf(field) + 1]
  return after('num-slaves') === String(replicas) && after('num-other-sentinels') === '2'
}

async function firstAnswer(
  servers: readonly RedisServer[],
  name: string,
  ...args: string[]
): Promise<unknown> {
  return Promise.any(servers.map((server) => server.command(name, ...args)))
}

function byPort(servers: readonly RedisServer[], port: number): RedisServer {
  const found = servers.find((server) => server.port === port)
  if (!found) throw new Error(`No server of ours on port ${port}`)
  return found
}

async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}
