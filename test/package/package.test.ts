import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPresenceClient, type PresenceClient } from '../../src/client/index.ts'
import type { SignIn } from '../../examples/express-postgres/api-types.ts'
import { missingPostgres, postgresTitle } from '../support/postgres-server.ts'
import { missingRedis, redisTitle } from '../support/redis-server.ts'
import { startExample } from './example.ts'
import { type Installation, installPackage, node, tool } from './pack.ts'

const examples = resolve(import.meta.dirname, '../../examples')

let installation: Installation

beforeAll(() => {
  installation = installPackage()
}, 180_000)
afterAll(() => installation.remove())

/** Uses each entry, and shows that the error class is one and the same wherever it comes from. */
const useEverything = `
  const caught = (run) => { try { run() } catch (error) { return error } throw new Error('nothing was thrown') }
  const assert = (truth, what) => { if (!truth) throw new Error(what) }
  assert(core.formatLastSeen.call, 'formatLastSeen is a function')
  assert(caught(() => client.createPresenceClient({})) instanceof core.PresenceError, 'the client throws ours')
  assert(caught(() => server.createPresenceServer({})) instanceof core.PresenceError, 'the server throws ours')
  assert(caught(() => server.createPresenceServer({})).code === 'CONFIG', 'with a code')
  assert(typeof react.usePresence === 'function', 'usePresence is a function')
  assert(caught(() => redis.redisStorage({})).code === 'CONFIG', 'redisStorage asks for its client')
  assert(redis.redisStorage({ client: new Redis({ lazyConnect: true }) }).nodes.flush.call, 'and takes one of ioredis')
  assert(caught(() => postgres.postgresContacts({})).code === 'CONFIG', 'postgresContacts asks for its pool')
  assert(postgres.postgresContacts({ pool: new Pool(), table: 'contacts' }).contactsOf.call, 'and takes one of pg')
  assert(Object.keys(testing).length > 0, 'testing exports something')
  const presence = server.createPresenceServer({
    authenticate: async () => ({ userId: 'alice' }),
    contacts: server.staticContacts({ alice: ['bob'] }),
    storage: server.memoryStorage(),
  })
  const watcher = client.createPresenceClient({ url: 'ws://127.0.0.1:9', token: 'none' })
  assert(watcher.get('bob').status === 'unknown', 'nothing is known yet')
  watcher.destroy()
  presence.get(['bob']).then(async ([bob]) => {
    assert(bob.status === 'offline', 'bob never came')
    await presence.close()
    console.log('used')
  })
`
const entries = ['core', 'client', 'react', 'server', 'redis', 'postgres', 'testing'] as const
const specifier = (entry: string): string => (entry === 'core' ? 'presencekit' : `presencekit/${entry}`)

describe('the packed package', () => {
  it('works in an ESM project', () => {
    const imports = entries.map((entry) => `import * as ${entry} from '${specifier(entry)}'`)
    imports.push("import { Redis } from 'ioredis'", "import { Pool } from 'pg'")
    const project = installation.project('esm', { 'main.mjs': `${imports.join('\n')}\n${useEverything}` })
    expect(node(['main.mjs'], project)).toContain('used')
  })

  it('works in a CommonJS project', () => {
    const requires = entries.map((entry) => `const ${entry} = require('${specifier(entry)}')`)
    requires.push("const { Redis } = require('ioredis')", "const { Pool } = require('pg')")
    const project = installation.project('cjs', { 'main.cjs': `${requires.join('\n')}\n${useEverything}` })
    expect(node(['main.cjs'], project)).toContain('used')
  })

  it.each(['node16', 'bundler', 'commonjs'] as const)(
    'type-checks in a strict project, lib es2022, no types of peers (%s)',
    (kind) => {
      const project = installation.project(`types-${kind}`, {
        'tsconfig.json': JSON.stringify({ compilerOptions: strict(kind), files: ['main.ts'] }),
        'package.json': JSON.stringify({ type: kind === 'commonjs' ? 'commonjs' : 'module' }),
        'main.ts': typed,
      })
      expect(node([tool('typescript/bin/tsc'), '--project', '.'], project)).toBe('')
    },
  )

  it.each(['import', 'require'] as const)(
    'brings no ws, ioredis or node: into a browser (%s)',
    async (condition) => {
      const use = 'globalThis.client = createPresenceClient'
      const main =
        condition === 'import'
          ? `import { createPresenceClient } from 'presencekit/client'\n${use}`
          : `const { createPresenceClient } = require('presencekit/client')\n${use}`
      const project = installation.project(`browser-${condition}`, { 'main.js': main })
      const { metafile, outputFiles } = await build({
        entryPoints: [join(project, 'main.js')],
        bundle: true,
        format: 'esm',
        platform: 'browser',
        metafile: true,
        write: false,
        logLevel: 'silent',
      })
      const packages = Object.keys(metafile.inputs).flatMap(
        (path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? [],
      )
      expect([...new Set(packages)].sort()).toEqual(['eventemitter3', 'isomorphic-ws', 'presencekit'])
      expect(outputFiles[0]?.text).not.toMatch(/["']node:|ioredis|require\(["']ws["']\)/)
    },
  )

  it('holds what is published and nothing else', () => {
    const folder = join(installation.folder, 'node_modules/presencekit')
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      sideEffects: boolean
    }
    expect(manifest.sideEffects).toBe(false)
    expect(readdirSync(folder).sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'docs',
      'package.json',
    ])
    expect(readdirSync(join(folder, 'docs'))).toEqual(['protocol.md'])
  })
})

// Here, for it runs on what was built above, and two files that build would be in each other's way.
describe.skipIf((missingPostgres ?? missingRedis) !== null)(
  redisTitle(postgresTitle('examples/express-postgres')),
  () => {
    it('starts two nodes that trust each other, and leaves nothing behind', async () => {
      const { urls, interrupt } = await startExample(join(examples, 'express-postgres/example.mjs'))
      const [one = '', two = ''] = urls
      const signIn = async (url: string, id: string): Promise<string> => {
        const headers = { 'content-type': 'application/json' }
        const body = JSON.stringify({ id })
        const response = await fetch(`${url}/api/sign-in`, { method: 'POST', headers, body })
        return ((await response.json()) as SignIn).secret
      }
      /** A token from one node, for the other. */
      const open = async (from: string, to: string, id: string): Promise<PresenceClient> => {
        const headers = { authorization: `Bearer ${await signIn(to, id)}` }
        const token = async (): Promise<string> => {
          const response = await fetch(`${from}/api/token`, { method: 'POST', headers })
          return ((await response.json()) as { readonly token: string }).token
        }
        const client = createPresenceClient({ url: `${to.replace('http', 'ws')}/presence`, token })
        await client.connect()
        return client
      }
      const [alice, bob] = await Promise.all([open(one, two, 'alice'), open(two, one, 'bob')])
      await new Promise<void>((resolve) => {
        bob.subscribe('alice', ({ online }) => {
          if (online) resolve()
        })
      })
      for (const url of urls) {
        expect(await (await fetch(url)).text()).toContain('Who are you?')
        expect((await fetch(`${url}/health`)).status).toBe(200)
      }
      for (const client of [alice, bob]) client.destroy()
      expect(await interrupt()).toEqual({ code: 0, left: [] })
    }, 60_000)
  },
)

function strict(kind: 'node16' | 'bundler' | 'commonjs'): object {
  return {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022'],
    types: [],
    module: kind === 'bundler' ? 'esnext' : 'node16',
    moduleResolution: kind === 'bundler' ? 'bundler' : 'node16',
  }
}

const typed = `
import { PresenceError, formatLastSeen, type Presence, type PresenceErrorCode, type PresenceStatus } from 'presencekit'
import { createPresenceClient, type PresenceClient, type PresenceClientOptions } from 'presencekit/client'
import { usePresence } from 'presencekit/react'
import { createPresenceServer, memoryStorage, staticContacts, type PresenceServer } from 'presencekit/server'
import { redisStorage, type RedisStorage, type RedisStorageOptions } from 'presencekit/redis'
import { postgresContacts, postgresPrivacy, type PostgresContactsOptions } from 'presencekit/postgres'
import * as testing from 'presencekit/testing'

const options: PresenceClientOptions = { url: 'ws://127.0.0.1:9', token: 'none' }
const client: PresenceClient = createPresenceClient(options)
const bob: Presence = client.get('bob')
const status: PresenceStatus = bob.status
const server: PresenceServer = createPresenceServer({
  authenticate: async () => ({ userId: 'alice' }),
  contacts: staticContacts({ alice: ['bob'] }),
  storage: memoryStorage(),
})
const shared = (client: RedisStorageOptions['client']): RedisStorage => redisStorage({ client, prefix: 'mine' })
const stored = (pool: PostgresContactsOptions['pool']) => [postgresContacts({ pool, table: 'a' }), postgresPrivacy({ pool })]
const code = (error: unknown): PresenceErrorCode | null => (error instanceof PresenceError ? error.code : null)

// @ts-expect-error a presence is read, never written
bob.status = 'online'

export { client, code, formatLastSeen, server, shared, status, stored, testing, usePresence }
`
