/** examples/cluster as a user runs it, but on the sources: bundled beside node_modules, where their imports are found. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'
import { missingRedis, redisTitle } from '../support/redis-server.ts'

const SECONDS = 18
const root = resolve(import.meta.dirname, '../..')
const cache = join(root, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'cluster-example-'))
let started: ChildProcess | undefined
afterAll(() => {
  started?.kill()
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(missingRedis !== null)(redisTitle('the cluster example'), () => {
  it('S2: nodes are killed every few seconds, and no contact is shown falsely offline', {
    timeout: (SECONDS + 30) * 1_000,
  }, async () => {
    await bundle()
    const { code, output } = await run(`
        import { runCluster } from './cluster.mjs'
        process.exit((await runCluster('${process.env.REDIS_PATH ?? 'redis-server'}', ${SECONDS * 1_000})) ? 0 : 1)
      `)
    expect(output).toMatch(/\d+ users online \| \d+ views: 0 wrong/)
    expect(output).toMatch(/cluster: [3-9] kills, and nobody was shown falsely offline/)
    expect(code, output).toBe(0)
  })
})

async function bundle(): Promise<void> {
  const source = (path: string): string => join(root, 'src', path)
  await build({
    entryPoints: ['cluster', 'node'].map((name) => join(root, `examples/cluster/${name}.mjs`)),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    alias: {
      'presencekit/client': source('client/index.ts'),
      'presencekit/redis': source('server/redis/index.ts'),
      'presencekit/server': source('server/index.ts'),
    },
  })
}

async function run(program: string): Promise<{ code: number | null; output: string }> {
  const file = join(folder, 'main.mjs')
  writeFileSync(file, program)
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] })
  started = child
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}
