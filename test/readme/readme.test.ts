/** Every sample of the README compiles, and does what the text beside it says. */
import { type ChildProcess, spawn } from 'node:child_process'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createPresenceClient, type PresenceClient } from '../../src/client/index.ts'
import { missingRedis, redisTitle, startRedis } from '../support/redis-server.ts'
import { bundle, compile, freePort, writeSamples } from './samples.ts'

let samples: ReadonlyMap<string, string>
const children: ChildProcess[] = []
const clients: PresenceClient[] = []

beforeAll(() => {
  samples = writeSamples()
})

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Runs a sample in a process of its own, and gives the lines that it prints as they come. */
async function run(name: string, code: string, port: number) {
  const child = spawn(process.execPath, [await bundle(name, code, port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  let printed = ''
  const waiting = new Set<() => void>()
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
    for (const check of waiting) check()
  })
  const prints = (text: string | RegExp): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (printed.search(text) < 0) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return { prints }
}

function connectBob(url: string): PresenceClient {
  const client = createPresenceClient({ url, token: 'bob', reconnect: { minDelayMs: 50, maxDelayMs: 100 } })
  clients.push(client)
  return client
}

describe('README', () => {
  test('every sample compiles in a strict project', () => {
    expect([...samples.keys()]).toEqual([
      'server.ts',
      'client.ts',
      'app.tsx',
      'nodes.ts',
      'express.ts',
      'orm.ts',
      'postgres.ts',
    ])
    expect(compile([...samples.values()])).toEqual([])
    // A whole program is compiled, beside whatever else the machine does.
  }, 60_000)

  test('the server and the client of the first page meet', async () => {
    const port = await freePort()
    await run('server', "import './server.ts'", port)
    const { prints } = await run('client', "import './client.ts'", port)
    const bob = connectBob(`ws://localhost:${String(port)}`)
    await bob.connect()
    await prints('Bob is online')
    await bob.disconnect()
    await prints(/Bob is last seen today at \d/)
  })

  test('the page renders, on a server too', async () => {
    const port = await freePort()
    const { prints } = await run(
      'page',
      `import { renderToString } from 'react-dom/server'
       import { App } from './app.tsx'
       console.log(renderToString(<App />))
       process.exit()`,
      port,
    )
    await prints('<header class="offline">')
  })

  test('Express serves its page beside us', async () => {
    const port = await freePort()
    await run('express', "import './express.ts'", port)
    await connectBob(`ws://localhost:${String(port)}/presence`).connect()
    expect(await (await fetch(`http://localhost:${String(port)}/`)).text()).toBe('your page')
  })

  test('an ORM answers as contacts', async () => {
    const { prints } = await run(
      'orm',
      "import { contacts } from './orm.ts'\nconsole.log(await contacts.contactsOf('alice'))",
      await freePort(),
    )
    await prints("[ 'bob' ]")
  })

  test.skipIf(missingRedis !== null)(redisTitle('a server of several on one Redis is ready'), async () => {
    const redis = await startRedis()
    try {
      const code = `import { presence } from './nodes.ts'
        const timer = setInterval(() => {
          if (!presence.health().ready) return
          clearInterval(timer)
          console.log('ready')
        }, 20)`
      const { prints } = await run('nodes-run', code, redis.port)
      await prints('ready')
    } finally {
      await redis.stop()
    }
  })
})
