/** Who is it: every answer that `authenticate` can give, and every time at which it can give it. */
import { describe, expect, test } from 'vitest'
import { createPresenceServer, type PresenceServerOptions, staticContacts } from '../../src/server/index.ts'
import { createFakeClock, createMemoryNetwork } from '../../src/testing/index.ts'
import { createServerWorld, type Peer, type ServerWorld } from '../support/server-world.ts'

type Authenticate = PresenceServerOptions['authenticate']
const HOUR = 3_600_000

const world = (authenticate: unknown, more: Partial<PresenceServerOptions> = {}): ServerWorld =>
  createServerWorld({ authenticate: authenticate as Authenticate, ...more })

/** A token says who it is and, behind a colon, for how long from now it is good. */
function byToken(clock: () => number): Authenticate {
  return ({ token = '' }) => {
    const [userId = '', lifeMs] = token.split(':')
    if (userId === 'nobody') return null
    if (userId === 'outlaw') return 'banned'
    if (userId === 'broken') throw new Error('no database')
    return { userId, ...(lifeMs !== undefined && { expiresAt: clock() + Number(lifeMs) }) }
  }
}

function expiringWorld(): ServerWorld {
  const found: ServerWorld = world((attempt: Parameters<Authenticate>[0]) =>
    byToken(() => found.clock.time())(attempt),
  )
  return found
}

describe('what it answers to a hello', () => {
  test.each<[string, unknown, number, string]>([
    ['null', () => null, 4100, 'UNAUTHORIZED'],
    ['a promise of null', async () => null, 4100, 'UNAUTHORIZED'],
    ['banned', () => 'banned', 4001, 'BANNED'],
    ['a promise of banned', async () => 'banned', 4001, 'BANNED'],
    [
      'a throw',
      () => {
        throw new Error('no database')
      },
      1011,
      'INTERNAL',
    ],
    ['a rejection', () => Promise.reject(new Error('no database')), 1011, 'INTERNAL'],
    ['undefined', () => undefined, 1011, 'INTERNAL'],
    ['an empty object', () => ({}), 1011, 'INTERNAL'],
    ['a number', () => 7, 1011, 'INTERNAL'],
    ['a string', () => 'alice', 1011, 'INTERNAL'],
    ['true', () => true, 1011, 'INTERNAL'],
    ['an array', () => ['alice'], 1011, 'INTERNAL'],
    ['an empty id', () => ({ userId: '' }), 1011, 'INTERNAL'],
    ['an id of a number', () => ({ userId: 7 }), 1011, 'INTERNAL'],
    ['an id that is too long', () => ({ userId: 'x'.repeat(129) }), 1011, 'INTERNAL'],
    ['an id with half a character', () => ({ userId: 'a\ud800' }), 1011, 'INTERNAL'],
    ['an expiry that is no number', () => ({ userId: 'alice', expiresAt: 'tomorrow' }), 1011, 'INTERNAL'],
    ['an expiry of NaN', () => ({ userId: 'alice', expiresAt: Number.NaN }), 1011, 'INTERNAL'],
    ['an expiry of null', () => ({ userId: 'alice', expiresAt: null }), 1011, 'INTERNAL'],
    ['an expiry of a Date', () => ({ userId: 'alice', expiresAt: new Date() }), 1011, 'INTERNAL'],
  ])('%s', async (_, authenticate, code, reason) => {
    const { open, errors, clock, server } = world(authenticate)
    const peer = await open('alice')
    expect(peer.closed).toEqual({ code, reason })
    expect(peer.frames).toEqual([])
    expect(errors.map((error) => error.split(':')[0])).toEqual(code === 1011 ? ['authenticate'] : [])
    await clock.advance(60_000)
    expect(server.health().connections).toBe(0)
  })

  test('nothing for as long as a hello may take: 1011; what comes later changes nothing', async () => {
    let answer: (identity: unknown) => void = () => {}
    const { open, clock, server } = world(() => new Promise((resolve) => (answer = resolve)))
    const peer = await open('alice')
    await clock.advance(5_200)
    expect(peer.closed?.code).toBe(1011)
    answer({ userId: 'alice' })
    await clock.advance(100)
    expect(peer.frames).toEqual([])
    expect(server.health().connections).toBe(0)
  })

  test('S2: a peer that leaves before it is known leaves nothing behind', async () => {
    let answer: (identity: unknown) => void = () => {}
    const { open, clock, server, events } = world(() => new Promise((resolve) => (answer = resolve)))
    const peer = await open('alice')
    peer.link.reset()
    await clock.settle()
    answer({ userId: 'alice' })
    await clock.advance(100)
    expect(server.health().connections).toBe(0)
    expect(events).toEqual([])
  })

  test('nothing touches storage or contacts before it has answered', async () => {
    const { open, storage, contacts } = world(() => new Promise(() => {}))
    await open('alice')
    expect([storage.asked, contacts.asked]).toEqual([[], []])
  })

  test('it is given the token and the request', async () => {
    const attempts: { token: unknown; url: unknown }[] = []
    const { open } = world(({ token, request }: Parameters<Authenticate>[0]) => {
      attempts.push({ token, url: request?.url })
      return { userId: 'alice' }
    })
    await open('alice', { token: 'secret' })
    expect(attempts).toEqual([{ token: 'secret', url: '/presence' }])
  })

  test('no error of it ever carries the token or the id to the client', async () => {
    const { open } = world(() => {
      throw new Error('secret of alice')
    })
    const peer = await open('alice', { token: 'secret' })
    expect(JSON.stringify([peer.texts, peer.closed])).not.toMatch(/secret|alice/)
  })
})

describe('tokens that expire', () => {
  const renewals = (peer: Peer): number => peer.of('renew').length

  test('it is renewed in band: nobody is told anything, and it goes on past the first expiry', async () => {
    const { open, clock } = expiringWorld()
    const bob = await open('bob')
    const alice = await open('alice', { token: `alice:${HOUR}` })
    bob.clear()
    await clock.advance(HOUR - 61_000)
    expect(renewals(alice)).toBe(0)
    await clock.advance(2_000)
    expect(renewals(alice)).toBe(1)
    await alice.say({ type: 'token', token: `alice:${HOUR}` })
    await clock.advance(HOUR - 61_500)
    expect(alice.closed).toBeNull()
    expect(renewals(alice)).toBe(1)
    await clock.advance(2_000)
    expect(renewals(alice)).toBe(2)
    expect(bob.texts).toEqual([])
  })

  test('without renewal: 4101 at the expiry, asked for once before, and a drop like any other', async () => {
    const { open, clock } = expiringWorld()
    const bob = await open('bob')
    const alice = await open('alice', { token: 'alice:600000' })
    await clock.advance(599_900)
    expect([alice.closed, renewals(alice)]).toEqual([null, 1])
    await clock.advance(300)
    expect(alice.closed).toEqual({ code: 4101, reason: 'TOKEN_EXPIRED' })
    expect(bob.statusesOf('alice').at(-1)).toBe('online')
    await open('alice', { token: 'alice:600000', previous: alice.session })
    await clock.advance(10_000)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online'])
  })

  test('a token that has expired already is told so', async () => {
    const { open, clock } = expiringWorld()
    const alice = await open('alice', { token: 'alice:-1000' })
    await clock.advance(200)
    expect(alice.closed?.code).toBe(4101)
  })

  test('a token that never expires, by saying so or by saying nothing, is never asked for again', async () => {
    const { open, clock } = expiringWorld()
    const endless = await open('alice', { token: 'alice:Infinity' })
    const silent = await open('bob')
    await clock.advance(HOUR)
    expect([endless.closed, renewals(endless), silent.closed, renewals(silent)]).toEqual([null, 0, null, 0])
  })

  test('one that lives very long does not overflow a timer', async () => {
    const { open, clock } = expiringWorld()
    const alice = await open('alice', { token: `alice:${365 * 24 * HOUR}` })
    await clock.advance(HOUR)
    expect([alice.closed, renewals(alice)]).toEqual([null, 0])
  })

  test.each([
    ['refused', 'nobody', 4100],
    ['banned', 'outlaw', 4001],
    ["another user's", 'bob', 4100],
  ])('a renewal that is %s ends the connection', async (_, token, code) => {
    const { open, clock } = expiringWorld()
    const alice = await open('alice', { token: 'alice:600000' })
    await alice.say({ type: 'token', token })
    await clock.advance(100)
    expect(alice.closed?.code).toBe(code)
  })

  test('of tokens that come while one is judged only the newest is, after it', async () => {
    const asked: unknown[] = []
    let answer: (identity: unknown) => void = () => {}
    const { open, clock } = world(({ token }: Parameters<Authenticate>[0]) => {
      asked.push(token)
      return token === 'alice' ? { userId: 'alice' } : new Promise((resolve) => (answer = resolve))
    })
    const alice = await open('alice')
    for (let token = 1; token <= 9; token++) await alice.say({ type: 'token', token: `alice${token}` })
    expect(asked).toEqual(['alice', 'alice1'])
    answer({ userId: 'alice' })
    await clock.settle()
    expect(asked).toEqual(['alice', 'alice1', 'alice9'])
    answer({ userId: 'alice', expiresAt: clock.time() + 1_000 })
    await clock.advance(1_200)
    expect(asked).toHaveLength(3)
    expect(alice.closed?.code).toBe(4101)
  })

  test('a renewal that is never judged does not keep the next one waiting for longer than a hello', async () => {
    const asked: unknown[] = []
    const { open, clock, errors } = world(({ token }: Parameters<Authenticate>[0]) => {
      asked.push(token)
      return token === 'slow' ? new Promise(() => {}) : { userId: 'alice', expiresAt: clock.time() + HOUR }
    })
    const alice = await open('alice')
    await alice.say({ type: 'token', token: 'slow' })
    await alice.say({ type: 'token', token: 'alice' })
    expect(asked).toEqual(['alice', 'slow'])
    await clock.advance(5_000)
    expect(asked).toEqual(['alice', 'slow', 'alice'])
    expect(errors.map((error) => error.split(':')[0])).toEqual(['authenticate'])
    expect(alice.closed).toBeNull()
  })

  test('a renewal that could not be judged changes nothing: the old token counts until its end', async () => {
    const { open, clock, errors } = expiringWorld()
    const alice = await open('alice', { token: 'alice:600000' })
    await alice.say({ type: 'token', token: 'broken' })
    expect(alice.closed).toBeNull()
    expect(errors).toEqual(['authenticate: Error: no database'])
    await clock.advance(600_200)
    expect(alice.closed?.code).toBe(4101)
  })

  test('no wall clock that is stepped makes a token expire', async () => {
    const { open, clock } = expiringWorld()
    const alice = await open('alice', { token: `alice:${HOUR}` })
    clock.stepTime(24 * HOUR)
    await open('bob')
    await clock.advance(60_000)
    expect(alice.closed).toBeNull()
  })

  test('S1: cleaning up needs no token', async () => {
    const { open, clock } = expiringWorld()
    const bob = await open('bob')
    const alice = await open('alice', { token: 'alice:90000' })
    alice.link.cut()
    await clock.advance(130_000)
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
  })
})

describe('cookies and origins', () => {
  /** A server to which browsers come from an origin, with or without a token. */
  async function visit(
    options: Partial<PresenceServerOptions>,
    headers: Record<string, string>,
    token?: string,
  ): Promise<number | null> {
    const clock = createFakeClock()
    const network = createMemoryNetwork({ clock })
    const server = createPresenceServer({
      clock,
      authenticate: () => ({ userId: 'alice' }),
      contacts: staticContacts({}),
      ...options,
    })
    network.listen((socket) => {
      server.handleConnection(socket, { url: '/', headers })
    })
    const socket = new network.WebSocket('ws://example.com')
    let code: number | null = null
    socket.addEventListener('close', (event: { code: number }) => {
      code = event.code
    })
    await clock.settle()
    socket.send(JSON.stringify({ type: 'hello', version: 1, token }))
    await clock.settle()
    return code
  }
  const browser = { origin: 'https://evil.example', cookie: 'session=1' }

  test('a browser with nothing but a cookie is refused where no origins are named', async () => {
    expect(await visit({}, browser)).toBe(4100)
  })

  test('with a token it is let in from anywhere, and without an Origin header it is no browser', async () => {
    expect(await visit({}, browser, 'token')).toBeNull()
    expect(await visit({}, { cookie: 'session=1' })).toBeNull()
  })

  test('a cookie from a site that is not named is refused, however the socket came', async () => {
    expect(await visit({ origins: ['https://good.example'] }, browser)).toBe(4100)
  })

  test('a token among the sub-protocols counts where the hello has none', async () => {
    const tokens: (string | undefined)[] = []
    const offering = (token: string) => ({
      ...browser,
      'sec-websocket-protocol': `presencekit.v1, presencekit.token.${token}`,
    })
    const authenticate: PresenceServerOptions['authenticate'] = ({ token }) => {
      tokens.push(token)
      return { userId: 'alice' }
    }
    expect(await visit({ authenticate }, offering('a.b-c_d'))).toBeNull()
    expect(await visit({ authenticate }, offering('a.b-c_d'), 'of the hello')).toBeNull()
    expect(tokens).toEqual(['a.b-c_d', 'of the hello'])
    // No token, one that is too long: what is left is the cookie.
    expect(await visit({ authenticate }, offering(''))).toBe(4100)
    expect(await visit({ authenticate, limits: { tokenBytes: 10 } }, offering('x'.repeat(11)))).toBe(4100)
  })

  test('where origins are named, a cookie is enough', async () => {
    expect(
      await visit({ origins: ['https://good.example'] }, { ...browser, origin: 'https://good.example' }),
    ).toBeNull()
  })
})

describe('sockets that the application has authenticated', () => {
  async function handOver(user: unknown, hello: object = {}) {
    const found = createServerWorld({ authenticate: () => null })
    found.network.listen((socket) => {
      found.server.handleConnection(socket, undefined, user as string)
    })
    const peer = await found.connect()
    peer.send({ type: 'hello', version: 1, ...hello })
    peer.send({ type: 'PRESENCE_UPDATE', status: 'online' })
    await found.clock.settle()
    return { ...found, peer }
  }

  test.each([
    ['by id', 'alice'],
    ['by identity', { userId: 'alice' }],
  ])('%s: the hello needs no token, and what it says of one is not looked at', async (_, user) => {
    const { peer } = await handOver(user, { token: 'bob' })
    expect(peer.of('welcome')[0]?.user).toBe('alice')
    expect(peer.of('self')).toHaveLength(1)
  })

  test('an expiry counts as that of a token', async () => {
    const clock = createFakeClock()
    const { peer, clock: own } = await handOver({ userId: 'alice', expiresAt: clock.time() + 30_000 })
    await own.advance(30_200)
    expect(peer.closed?.code).toBe(4101)
  })

  test.each([[''], ['x'.repeat(129)], ['\ud800']])('%j is no id: BAD_ID at once', (user) => {
    const { server, network } = createServerWorld()
    const socket = new network.WebSocket('ws://example.com')
    expect(() => {
      server.handleConnection(socket, undefined, user)
    }).toThrow(expect.objectContaining({ code: 'BAD_ID' }) as Error)
    expect(server.health().connections).toBe(0)
  })

  test('an expiry that is none is refused at once as well', () => {
    const { server, network } = createServerWorld()
    const socket = new network.WebSocket('ws://example.com')
    expect(() => {
      server.handleConnection(socket, undefined, { userId: 'alice', expiresAt: Number.NaN })
    }).toThrow(expect.objectContaining({ code: 'CONFIG' }) as Error)
  })
})
