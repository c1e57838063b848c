// A PostgreSQL and a Redis of our own: behind socket files in a new folder, which goes when they go.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

/** What the database belongs to. */
const USER = 'example'

/**
 * @param {{ readonly postgres: string, readonly redis: string }} programs
 */
export async function startStores(programs) {
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-example-'))
  /** @type {(() => void)[]} */
  const ends = [() => rmSync(folder, { recursive: true, force: true })]
  const stop = () => {
    for (const end of ends.splice(0).reverse()) end()
  }
  // However this ends, they do not stay behind.
  process.once('exit', stop)
  ends.push(startPostgres(dirname(programs.postgres), folder))
  const redis = await startRedis(programs.redis, folder)
  ends.push(redis.stop)
  return { folder, database: { host: folder, user: USER, database: 'postgres' }, redis: redis.socket, stop }
}

/**
 * @param {string} programs the folder with those of PostgreSQL
 * @param {string} folder
 * @returns {() => void} what stops it
 */
function startPostgres(programs, folder) {
  const data = join(folder, 'data')
  const account = accountFor(folder)
  /** @type {(name: string, ...args: string[]) => void} */
  const run = (name, ...args) => {
    const { status } = spawnSync(join(programs, name), ['-D', data, ...args], {
      ...account,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (status !== 0) throw new Error(`${name} ended with ${status}`)
  }
  run('initdb', '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync')
  // Nothing of it is to outlive the example, so it need not wait for the disk.
  const settings = `listen_addresses = ''\nunix_socket_directories = '${folder}'\nfsync = off\n`
  appendFileSync(join(data, 'postgresql.conf'), settings)
  run('pg_ctl', 'start', '--wait', '--log', join(folder, 'postgres.log'))
  return () => run('pg_ctl', 'stop', '--mode=immediate', '--silent')
}

/**
 * PostgreSQL refuses to run as root.
 *
 * @param {string} folder becomes that account's
 */
function accountFor(folder) {
  if (process.getuid?.() !== 0) return {}
  /** @param {string} which */
  const idOf = (which) => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }))
  const account = { uid: idOf('-u'), gid: idOf('-g') }
  chownSync(folder, account.uid, account.gid)
  return account
}

/**
 * @param {string} program
 * @param {string} folder
 */
async function startRedis(program, folder) {
  const socket = join(folder, 'redis.sock')
  const options = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder]
  // A group of its own: Ctrl-C is for us, and the nodes want to say goodbye to it.
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  for await (const line of createInterface(child.stdout)) if (line.includes('eady to accept')) break
  if (child.exitCode !== null) throw new Error(`Redis ended with ${child.exitCode}`)
  child.stdout.resume()
  return { socket, stop: () => void child.kill() }
}
