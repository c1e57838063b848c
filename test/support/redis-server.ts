/** Real Redis servers for tests: one, a cluster, or a set with Sentinels; each on ports of its own, gone with the tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'

const path = process.env.REDIS_PATH ?? onPath('redis-server') ?? onPath('valkey-server')

/** Why there is no Redis; `null`: there is one. */
export const missingRedis: string | null =
  path === undefined ? 'no redis-server: neither in REDIS_PATH nor on PATH' : null

/** A title that says why its tests are skipped, where they are. */
export function redisTitle(title: string): string {
  return missingRedis === null ? title : `${title} (skipped: ${missingRedis})`
}

/** One server. */
export interface RedisServer {
  readonly port: number
  /** Runs a command on a connection of its own. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>
  flushAll(): Promise<void>
  /** Ends the process with this signal, and waits until it is gone. @defaultValue SIGKILL */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again, on the same port, with what it has kept on disk. */
  restart(): Promise<void>
  /** The process stops where it is; the kernel still takes connections for it. */
  pause(): void
  resume(): void
  /** Ends it for good, and removes its folder. */
  stop(): Promise<void>
}

/** What is asked of a server; more as lines of its configuration. */
export interface RedisServerOptions {
  /** Writes every change to disk before it answers. @defaultValue false */
  readonly persistent?: boolean
  /** Options as on the command line: `{ maxmemory: '2mb' }`. */
  readonly config?: Readonly<Record<string, string>>
  /** @defaultValue a free one */
  readonly port?: number
}

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

const HOST = '127.0.0.1'
/** The bus of a cluster is on the port above by 10,000, so both must exist. */
const PORTS = { from: 20_000, count: 12_000 }
const PATIENCE_MS = 18_000
const running = new Set<ChildProcess>()
const folders = new Set<string>()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** Starts a server that forgets everything when it ends, unless told otherwise. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const port = options.port ?? (await freePort())
  const folder = newFolder()
  const kept = options.persistent === true ? 'yes' : 'no'
  const config = {
    bind: HOST,
    port: String(port),
    dir: folder,
    save: '',
    appendonly: kept,
    appendfsync: 'always',
    'enable-debug-command': 'yes',
    'protected-mode': 'no',
    'repl-diskless-sync-delay': '0',
    ...options.config,
  }
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value === '' ? '""' : value}`)
  return startServer(port, folder, `${lines.join('\n')}\n`, [])
}

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
  const masters = async (): Promise<[RedisServer, number, number][]> => {
    const slots = (await firstAnswer(servers, 'cluster', 'SLOTS')) as [number, number, [string, number]][]
    return slots.map(([from, to, [, port]]) => [byPort(servers, port), from, to])
  }
  return {
    servers,
    nodes: servers.map(({ port }) => ({ host: HOST, port })),
    masters: async () => [...new Set((await masters()).map(([server]) => server))],
    async masterOf(slot) {
      const found = (await masters()).find(([, from, to]) => slot >= from && slot <= to)
      if (!found) throw new Error(`Nobody has slot ${slot}`)
      return found[0]
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

/** Asks again and again, until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const lastAt = Date.now() + PATIENCE_MS
  for (;;) {
    if (await Promise.resolve(isSo()).catch(() => false)) return
    if (Date.now() > lastAt) throw new Error(`Waited in vain for ${what}`)
    await wait(20)
  }
}

async function startSentinel(name: string, masterPort: number): Promise<RedisServer> {
  const port = await freePort()
  const folder = newFolder()
  const lines = [
    `bind ${HOST}`,
    `port ${port}`,
    `dir ${folder}`,
    `sentinel monitor ${name} ${HOST} ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 1000`,
  ]
  return startServer(port, folder, `${lines.join('\n')}\n`, ['--sentinel'])
}

async function startServer(
  port: number,
  folder: string,
  config: string,
  flags: readonly string[],
): Promise<RedisServer> {
  // A Sentinel writes what it has learned to its file, which so serves for a restart as it is.
  const file = join(folder, 'redis.conf')
  writeFileSync(file, config)
  let child = spawnServer(file, flags)
  const admin = new Redis({
    host: HOST,
    port,
    lazyConnect: true,
    retryStrategy: null,
    disableClientInfo: true,
  })
  admin.on('error', () => {})
  const command: RedisServer['command'] = async (name, ...args) => {
    if (admin.status === 'wait' || admin.status === 'end') await admin.connect()
    return admin.call(name, ...args)
  }
  const isUp = async (): Promise<boolean> => (await command('ping')) === 'PONG'
  const kill: RedisServer['kill'] = async (signal = 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill(signal)
    await gone
  }
  await until(isUp, `Redis on port ${port}`)
  return {
    port,
    command,
    async flushAll() {
      await command('flushall')
    },
    kill,
    async restart() {
      await kill()
      child = spawnServer(file, flags)
      await until(isUp, `Redis on port ${port}`)
    },
    pause() {
      child.kill('SIGSTOP')
    },
    resume() {
      child.kill('SIGCONT')
    },
    async stop() {
      admin.disconnect()
      await kill()
      rmSync(folder, { recursive: true, force: true })
      folders.delete(folder)
    },
  }
}

function spawnServer(file: string, flags: readonly string[]): ChildProcess {
  if (path === undefined) throw new Error(missingRedis ?? '')
  const child = spawn(path, [file, ...flags], { stdio: 'ignore' })
  running.add(child)
  child.on('exit', () => running.delete(child))
  return child
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
  // Everybody meets everybody: to hear of each other by gossip takes seconds.
  for (const server of servers) {
    const others = servers.filter((other) => other !== server)
    await Promise.all(others.map(({ port }) => server.command('cluster', 'MEET', HOST, port)))
  }
  await untilAll(servers, 'NODES', (text) => text.trim().split('\n').length === servers.length)
  for (const [index, replica] of replicas.entries()) {
    const id = String(await masters[index]?.command('cluster', 'MYID'))
    await until(async () => (await replica.command('cluster', 'REPLICATE', id)) === 'OK', 'a replica')
  }
  await untilAll(servers, 'INFO', (info) => info.includes('cluster_state:ok'))
  const isWhole = async (): Promise<boolean> => {
    const slots = (await servers[0]?.command('cluster', 'SLOTS')) as unknown[][]
    return slots.length === masters.length && slots.every((range) => range.length === 4)
  }
  await until(isWhole, 'all slots and replicas')
  const areLinked = async (): Promise<boolean> => {
    const roles = await Promise.all(replicas.map((replica) => replica.command('role')))
    return roles.every((role) => (role as unknown[])[3] === 'connected')
  }
  await until(areLinked, 'the replicas to follow')
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

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-redis-'))
  folders.add(folder)
  return folder
}

/** Chance, so that test files that run side by side seldom want the same; then it is tried. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count)
    if ((await canListen(port)) && (await canListen(port + 10_000))) return port
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, HOST, () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
