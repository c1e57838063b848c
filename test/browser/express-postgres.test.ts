/** examples/express-postgres: its own nodes on a real PostgreSQL and a real Redis, its own page in a real browser. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import type { Presence } from 'presencekit'
import { createPresenceClient, type PresenceClient } from 'presencekit/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { SignIn } from '../../examples/express-postgres/api-types.ts'
import { buildPage } from '../../examples/express-postgres/build-page.mjs'
import { type RunningNode, startNode } from '../../examples/express-postgres/server/node.ts'
import { createSchema } from '../../examples/express-postgres/server/schema.ts'
import { createTokens } from '../../examples/express-postgres/server/tokens.ts'
import { missingPostgres, type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { missingRedis, type RedisServer, startRedis, until } from '../support/redis-server.ts'
import { launch, missing as missingChromium } from './chromium.ts'
import { type ExamplePage, openExample } from './example-page.ts'

const source = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
/** The page gets the sources as well, not what was built some time ago. */
const alias = [
  { find: /^presencekit$/, replacement: source('core/index.ts') },
  { find: /^presencekit\/client$/, replacement: source('client/index.ts') },
]

/** Between the press of a button and what it does to a page on another node; less than the grace. */
const AT_ONCE_MS = 1_000
const LONG_MS = 300_000
/** So short that one can wait for it, and so long that a tenth of it is enough to fetch the next one. */
const SHORT_MS = 5_000
const HIDDEN = 'not visible to you'
/** Where many have just dropped, as between two tests, coming back may take T, and so long nobody is told. */
const PATIENT = { timeout: 60_000 }

const missing = missingChromium ?? missingPostgres ?? missingRedis
const title = `the Express and PostgreSQL example${missing === null ? '' : ` (skipped: ${missing})`}`
describe.skipIf(missing !== null)(title, () => {
  const folder = mkdtempSync(join(tmpdir(), 'presencekit-example-page-'))
  const secret = randomBytes(32).toString('base64url')
  const nodes: RunningNode[] = []
  const pages: ExamplePage[] = []
  const clients: PresenceClient[] = []
  let browser: Browser
  let postgres: PostgresServer
  let redis: RedisServer

  const start = async (tokenLifeMs: number): Promise<RunningNode> => {
    const node = await startNode({
      database: { ...postgres.address },
      redis: `redis://127.0.0.1:${redis.port}`,
      secret,
      tokenLifeMs,
      page: folder,
      port: 0,
    })
    nodes.push(node)
    return node
  }
  let first: RunningNode
  let second: RunningNode

  beforeAll(async () => {
    ;[browser, postgres, redis] = await Promise.all([launch(), startPostgres(), startRedis()])
    await Promise.all([createSchema(postgres.address), buildPage(folder, alias)])
    ;[first, second] = await Promise.all([start(LONG_MS), start(LONG_MS)])
    await nobodyIsHeld()
  })
  afterAll(async () => {
    await browser.close()
    await Promise.all(nodes.map((node) => node.close()))
    await Promise.all([postgres.stop(), redis.stop()])
    rmSync(folder, { recursive: true, force: true })
  })
  afterEach(async () => {
    const opened = pages.splice(0)
    await Promise.all(opened.map(({ page }) => page.context().close()))
    for (const client of clients.splice(0)) client.destroy()
    await postgres.sql(`DELETE FROM presence_blocks; DELETE FROM presence_privacy;
      DELETE FROM contacts WHERE 'dave' IN (user_id, contact_id)`)
    for (const id of new Set(opened.map(({ user }) => user))) {
      await first.presence.disconnectUser(id)
      await first.presence.setStatus(id, 'auto')
    }
    expect(opened.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  /** Of a Redis that is new nobody is declared offline for some seconds. */
  const nobodyIsHeld = async (): Promise<void> => {
    await ask(first, 'dave', 'dave')
    clients.pop()?.destroy()
    await until(
      async () => (await first.presence.get(['dave']))[0]?.status === 'offline',
      'the end of the hold',
    )
  }
  const open = async ({ url }: RunningNode, name: string): Promise<ExamplePage> => {
    const page = await openExample(browser, url, name)
    pages.push(page)
    return page
  }
  /** What the server says when it is asked outright, past the page. */
  const ask = async ({ url }: RunningNode, viewer: string, ...userIds: string[]): Promise<Presence[]> => {
    const client = createPresenceClient({
      url: `${url.replace('http', 'ws')}/presence`,
      token: await createTokens(secret, LONG_MS).sign(viewer),
    })
    clients.push(client)
    return client.fetch(userIds)
  }

  it('two people on two nodes see each other, and what they choose', async () => {
    const [alice, bob] = await Promise.all([open(first, 'Alice'), open(second, 'Bob')])
    await Promise.all([alice.sees('bob', 'online'), bob.sees('alice', 'online')])
    await bob.page.getByLabel('Busy').check()
    await alice.sees('bob', 'busy')
    await bob.page.getByLabel('Invisible').check()
    await alice.sees('bob', 'offline', /^last seen today at \d\d:\d\d$/)
    await bob.page.getByText('Others see you offline').waitFor()
    await bob.sees('alice', 'online')
  })

  it(
    'S7, S8: a block takes effect on every node within a second, nothing passes while it holds, and all is back when it ends',
    PATIENT,
    async () => {
      const [alice, aliceToo, bob, carol] = await Promise.all([
        open(first, 'Alice'),
        open(second, 'Alice'),
        open(second, 'Bob'),
        open(first, 'Carol'),
      ])
      const alices = [alice, aliceToo]
      await Promise.all([...alices, carol].map((page) => page.sees('bob', 'online')))
      await Promise.all(alices.map((page) => page.sees('carol', 'online')))

      await bob.press('Block Alice')
      await Promise.all(alices.map((page) => page.sees('bob', 'unknown', HIDDEN, AT_ONCE_MS)))
      await bob.sees('alice', 'unknown', 'you have blocked them')

      const marks = alices.map(({ frames }) => frames.in.length)
      const shown = await Promise.all(alices.map((page) => page.watch('bob')))
      await bob.page.getByLabel('Away').check()
      await carol.sees('bob', 'away')
      await bob.press('Sign out')
      await carol.sees('bob', 'offline')
      await bob.press('Bob')
      await carol.sees('bob', 'away')
      // Whatever was to come of this would have come before what Carol does now.
      await carol.page.getByLabel('Busy').check()
      await Promise.all(alices.map((page) => page.sees('carol', 'busy')))
      for (const [index, { frames }] of alices.entries()) {
        expect(frames.in.slice(marks[index]).filter((frame) => frame.includes('bob'))).toEqual([])
        expect(await shown[index]?.()).toHaveLength(1)
      }
      for (const node of [first, second]) {
        const [blocked, nobody] = await ask(node, 'alice', 'bob', 'nobody-of-that-id')
        expect({ ...blocked, userId: '' }).toEqual({ ...nobody, userId: '' })
        expect(blocked).toMatchObject({ status: 'unknown', lastSeen: null, reason: null })
      }

      await bob.press('Unblock Alice')
      await Promise.all(alices.map((page) => page.sees('bob', 'away', 'away', AT_ONCE_MS)))
      await bob.sees('alice', 'online')
    },
  )

  it('S8: who was added is seen once they have added as well, and no more when they have removed', async () => {
    const [alice, dave] = await Promise.all([open(first, 'Alice'), open(second, 'Dave')])
    await alice.press('Add Dave')
    await alice.sees('dave', 'unknown', HIDDEN)
    const [stranger, nobody] = await ask(second, 'alice', 'dave', 'nobody-of-that-id')
    expect({ ...stranger, userId: '' }).toEqual({ ...nobody, userId: '' })

    await dave.press('Add Alice')
    await Promise.all([
      alice.sees('dave', 'online', 'online', AT_ONCE_MS),
      dave.sees('alice', 'online', 'online', AT_ONCE_MS),
    ])
    await dave.press('Remove Alice')
    await alice.sees('dave', 'unknown', HIDDEN, AT_ONCE_MS)
  })

  it('who hides when they were last seen is offline without a time, and sees no times', PATIENT, async () => {
    const [alice, aliceToo, bob, carol] = await Promise.all([
      open(first, 'Alice'),
      open(second, 'Alice'),
      open(second, 'Bob'),
      open(first, 'Carol'),
    ])
    await Promise.all([alice, aliceToo, bob].map((page) => page.sees('carol', 'online')))
    await Promise.all([alice, aliceToo].map((page) => page.sees('bob', 'online')))
    await bob.chooses('Who sees when I was last seen', 'Nobody')

    await carol.page.close()
    await alice.sees('carol', 'offline', /^last seen today at \d\d:\d\d$/)
    await bob.sees('carol', 'offline', /^offline$/)
    await bob.page.close()
    await Promise.all([alice, aliceToo].map((page) => page.sees('bob', 'offline', /^offline$/)))
    for (const node of [first, second]) {
      const [hidden] = await ask(node, 'alice', 'bob')
      expect(hidden).toMatchObject({ lastSeen: null, lastSeenAccuracy: null, reason: null })
    }
  })

  it('who shows nobody that they are online is seen by nobody, and settings are there again after a reload', async () => {
    const [alice, bob] = await Promise.all([open(first, 'Alice'), open(second, 'Bob')])
    await Promise.all([alice.sees('bob', 'online'), bob.sees('alice', 'online')])
    await bob.chooses('Who sees that I am online', 'Nobody')
    await Promise.all([alice.sees('bob', 'unknown', HIDDEN), bob.sees('alice', 'unknown', HIDDEN)])
    await bob.page.reload()
    await bob.page.locator('select[name="online"]:has(option[value="nobody"]:checked)').waitFor()
    await bob.chooses('Who sees that I am online', 'My contacts')
    await Promise.all([alice.sees('bob', 'online'), bob.sees('alice', 'online')])
  })

  it(
    'tokens that expire are renewed in band: no reconnect, and no flicker on either side',
    PATIENT,
    async () => {
      const hasty = await start(SHORT_MS)
      const [alice, bob] = await Promise.all([open(hasty, 'Alice'), open(second, 'Bob')])
      await Promise.all([alice.sees('bob', 'online'), bob.sees('alice', 'online')])
      const shown = await Promise.all([alice.watch('bob'), bob.watch('alice')])
      const renewals = (): number => alice.frames.out.filter((frame) => frame.includes('"token"')).length - 1
      // The second one comes when the first token has long expired.
      await until(() => renewals() >= 2, 'two renewals')
      for (const read of shown) expect(await read()).toEqual(['online false online connected'])
      expect(alice.opened()).toBe(1)
    },
  )

  it('a sign-out is seen at once, and what was signed in with buys no token any more', async () => {
    const [alice, bob] = await Promise.all([open(first, 'Alice'), open(second, 'Bob')])
    await bob.sees('alice', 'online')
    const kept = (): Promise<string | null> =>
      alice.page.evaluate(() => sessionStorage.getItem('example-sign-in'))
    const { secret: bearer } = JSON.parse((await kept()) ?? '{}') as SignIn
    const token = ({ url }: RunningNode): Promise<Response> =>
      fetch(`${url}/api/token`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` } })
    expect((await token(second)).status).toBe(200)

    await alice.press('Sign out')
    await bob.sees('alice', 'offline', 'last seen today', AT_ONCE_MS)
    await alice.page.getByRole('button', { name: 'Carol', exact: true }).waitFor()
    expect(await kept()).toBeNull()
    for (const node of [first, second]) expect((await token(node)).status).toBe(401)

    await alice.press('Carol')
    await bob.sees('carol', 'online')
    await bob.sees('alice', 'offline')
  })

  it.each([
    ['expired', () => createTokens(secret, -1_000)],
    ['signed by somebody else', () => createTokens(randomBytes(32).toString('base64url'), LONG_MS)],
  ])('a token that is %s lets nobody in', async (_what, tokens) => {
    const url = `${first.url.replace('http', 'ws')}/presence`
    const client = createPresenceClient({ url, token: await tokens().sign('alice') })
    clients.push(client)
    await expect(client.connect()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('requests that make no sense are refused', async () => {
    const signIn = await fetch(`${first.url}/api/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{ "id": "alice" }',
    })
    const { secret: bearer } = (await signIn.json()) as SignIn
    const put = async (path: string, body = '{}'): Promise<number> => {
      const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
      return (await fetch(`${second.url}/api/${path}`, { method: 'PUT', headers, body })).status
    }
    expect(await put('contacts/nobody-of-that-id')).toBe(404)
    expect(await put('contacts/%00')).toBe(400)
    expect(await put('privacy', '{ "online": "friends" }')).toBe(400)
    expect((await fetch(`${first.url}/api/people`)).status).toBe(401)
  })
})
