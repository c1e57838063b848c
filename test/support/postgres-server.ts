/** Real PostgreSQL servers for tests, each behind a socket file of its own, gone with the tests. */
import { type ChildProcess, spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { Client, Pool, type PoolConfig } from 'pg'
import { until } from './redis-server.ts'

const path = process.env.POSTGRES_PATH ?? findPostgres()

/** Its program. */
export { path as postgresPath }

/** Why there is no PostgreSQL; `null`: there is one. */
export const missingPostgres: string | null =
  path === undefined ? 'no postgres: neither in POSTGRES_PATH, nor on PATH, nor where Debian has it' : null

/** A title that says why its tests are skipped, where they are. */
export function postgresTitle(title: string): string {
  return missingPostgres === null ? title : `${title} (skipped: ${missingPostgres})`
}

/** One server. */
export interface PostgresServer {
  /** How `pg` reaches it. */
  readonly address: { readonly host: string; readonly user: string; readonly database: string }
  /** A pool like an application's; it is ended with the server. */
  pool(options?: PoolConfig): Pool
  /** Runs SQL on a connection of the tests' own. */
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** Another such connection, for what holds a lock. */
  session(): Promise<Client>
  /** It takes no leave of its clients. */
  kill(): Promise<void>
  /** Starts it again, with all that was committed. */
  restart(): Promise<void>
  /** Nobody is let in any more, nor refused; who is in, stays. */
  pause(): void
  resume(): void
  /** Ends it for good, and removes its folder. */
  stop(): Promise<void>
}

/** As root it refuses to run. */
const account = process.getuid?.() === 0 ? accountOf(['postgres', 'nobody']) : {}
const USER = 'presencekit'
const running = new Set<ChildProcess>()
const folders = new Set<string>()

process.on('exit', () => {
  // SIGKILL would leave its own processes behind, and their shared memory.
  for (const child of running) child.kill('SIGQUIT')
  // They may write to the last.
  for (const folder of folders)
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
})

/** Starts an empty server that keeps nothing beyond a crash of the machine. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-postgres-'))
  folders.add(folder)
  if (account.uid !== undefined && account.gid !== undefined) chownSync(folder, account.uid, account.gid)
  initialise(folder)
  const address = { host: folder, user: USER, database: 'postgres' }
  const pools = new Set<Pool>()
  const sessions = new Set<Client>()
  let child = spawnServer(folder)
  let admin: Client | null = null

  const connect = async (): Promise<Client> => {
    const client = new Client(address)
    client.on('error', () => {})
    await client.connect()
    return client
  }
  const isUp = async (): Promise<boolean> => {
    admin = await connect()
    return true
  }
  const kill = async (): Promise<void> => {
    admin = null
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill('SIGQUIT')
    await gone
  }
  await until(isUp, 'PostgreSQL')
  return {
    address,
    pool(options) {
      const pool = new Pool({ ...address, ...options })
      // As every application has to: a client that breaks while nobody uses it.
      pool.on('error', () => {})
      pools.add(pool)
      return pool
    },
    async sql(text, values) {
      admin ??= await connect()
      const { rows } = await admin.query<Record<string, unknown>>(text, values)
      return rows
    },
    async session() {
      const client = await connect()
      sessions.add(client)
      return client
    },
    kill,
    async restart() {
      await kill()
      child = spawnServer(folder)
      await until(isUp, 'PostgreSQL')
    },
    pause() {
      child.kill('SIGSTOP')
    },
    resume() {
      child.kill('SIGCONT')
    },
    async stop() {
      await kill()
      await Promise.allSettled([...pools, ...sessions].map((each) => each.end()))
      rmSync(folder, { recursive: true, force: true })
      folders.delete(folder)
    },
  }
}

function initialise(folder: string): void {
  const args = [
    '-D',
    join(folder, 'data'),
    '-U',
    USER,
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
  ]
  const { status, stderr } = runProgram('initdb', args)
  if (status !== 0) throw new Error(`initdb: ${stderr}`)
}

function spawnServer(folder: string): ChildProcess {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: 'off',
    full_page_writes: 'off',
    autovacuum: 'off',
    max_wal_size: '4GB',
  }
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(program('postgres'), ['-D', join(folder, 'data'), ...args], {
    ...account,
    cwd: folder,
    stdio: 'ignore',
  })
  running.add(child)
  child.on('exit', () => running.delete(child))
  return child
}

function runProgram(name: string, args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(program(name), args, { ...account, cwd: tmpdir(), encoding: 'utf8' })
}

function program(name: string): string {
  if (path === undefined) throw new Error(missingPostgres ?? '')
  // Its companions lie where it lies, not where a link to it does.
  return join(dirname(realpathSync(path)), name)
}

function accountOf(names: readonly string[]): { readonly uid?: number; readonly gid?: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of names) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  return {}
}

function findPostgres(): string | undefined {
  const versions = '/usr/lib/postgresql'
  const debian = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : []
  const places = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...debian.map((version) => join(versions, version, 'bin')),
  ]
  return places
    .map((place) => join(place, 'postgres'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}
