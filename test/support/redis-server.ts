/** Real Redis servers for tests, each on a port of its own, gone with the tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'

const path = process.env.REDIS_PATH ?? onPath('redis-server') ?? onPath('valkey-server')

/** Its program. */
export { path as redisPath }

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
  /** The same with an empty disk. */
  restartEmpty(): Promise<void>
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
  /** Variables of its environment, on top of those there are. */
  readonly env?: NodeJS.ProcessEnv
}

export const HOST = '127.0.0.1'
/**
 * The bus of a cluster is on the port above by 10,000. Both lie below those that the system gives to whoever connects: a server
 * that is started again would find its own taken.
 */
const PORTS = { from: 20_000, count: 2_700 }
const BUS = 10_000
const PATIENCE_MS = 18_000
const running = new Set<ChildProcess>()
const folders = new Set<string>()
const given = new Set<number>()

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
  return startServer(port, folder, `${lines.join('\n')}\n`, [], options.env)
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

/** Starts a Sentinel that watches a master, together with two others. */
export async function startSentinel(name: string, masterPort: number): Promise<RedisServer> {
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
  env: NodeJS.ProcessEnv = {},
): Promise<RedisServer> {
  // A Sentinel writes what it has learned to its file, which so serves for a restart as it is.
  const file = join(folder, 'redis.conf')
  writeFileSync(file, config)
  let child = spawnServer(file, flags, env)
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
  const start = async (): Promise<void> => {
    child = spawnServer(file, flags, env)
    await until(isUp, `Redis on port ${port}`)
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
      await start()
    },
    async restartEmpty() {
      await kill()
      rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true })
      rmSync(join(folder, 'dump.rdb'), { force: true })
      await start()
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

function spawnServer(file: string, flags: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  if (path === undefined) throw new Error(missingRedis ?? '')
  const child = spawn(path, [file, ...flags], { stdio: 'ignore', env: { ...process.env, ...env } })
  running.add(child)
  child.on('exit', () => running.delete(child))
  return child
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
    // Of several that are started at once each has its own.
    if (given.has(port)) continue
    given.add(port)
    if ((await canListen(port)) && (await canListen(port + BUS))) return port
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
