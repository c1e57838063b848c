/** examples/express-postgres by its one command, but for what that installs and builds: it runs on what is in `dist`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { postgresPath } from '../support/postgres-server.ts'
import { redisPath } from '../support/redis-server.ts'

export interface RunningExample {
  /** One for each node. */
  readonly urls: readonly string[]
  /** Ctrl-C, as a terminal passes it to all processes. @returns how it ended, and what it left behind */
  interrupt(): Promise<{ readonly code: number | null; readonly left: readonly string[] }>
}

/** `example`: the path of `example.mjs`. */
export async function startExample(example: string): Promise<RunningExample> {
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-run-'))
  // PostgreSQL runs as somebody else, and has to get through.
  chmodSync(folder, 0o755)
  const programs = JSON.stringify({ postgres: postgresPath, redis: redisPath })
  const program = `import { runExample } from '${pathToFileURL(example).href}'; await runExample(${programs}); process.exit()`
  const file = join(folder, 'main.mjs')
  writeFileSync(file, program)
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
    detached: true,
  })
  return {
    urls: await addressesOf(child),
    async interrupt() {
      const gone = once(child, 'exit') as Promise<[number | null]>
      process.kill(-(child.pid ?? 0), 'SIGINT')
      const [code] = await gone
      const left = readdirSync(folder).filter((name) => name !== 'main.mjs')
      rmSync(folder, { recursive: true, force: true })
      return { code, left }
    },
  }
}

async function addressesOf({ stdout }: ChildProcess): Promise<readonly string[]> {
  if (!stdout) throw new Error('Nothing can be read of it')
  for await (const line of createInterface(stdout)) {
    const urls = line.match(/http:\/\/localhost:\d+/g)
    if (urls) return urls
  }
  throw new Error('It ended before it had begun')
}
