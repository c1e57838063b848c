import { describe, expect, it } from 'vitest'
import type { ConnectionChange, PresenceClientOptions, TokenRequest } from '../../src/client/index.ts'
import { PresenceError, type PresenceErrorCode } from '../../src/core/errors.ts'
import { type ClientWorld, createClientWorld } from '../support/client-world.ts'

/** Longer than any first delay of the backoff, shorter than the first slow one. */
const SOON_MS = 600
const SLOWLY_MS = 2_500

async function connected(options: Partial<PresenceClientOptions> = {}): Promise<ClientWorld> {
  const world = createClientWorld(options)
  void world.client.connect()
  await world.clock.advance(100)
  expect(world.client.state).toBe('connected')
  return world
}

function changesOf({ client }: ClientWorld): ConnectionChange[] {
  const changes: ConnectionChange[] = []
  client.on('connection', (change) => changes.push(change))
  return changes
}

describe('connecting', () => {
  it('does nothing before it is asked for something', async () => {
    const { client, clock, network, server } = createClientWorld()
    await clock.advance(1_000)
    expect([client.state, network.links.length, server.connections.length, clock.pending()]).toEqual([
      'idle',
      0,
      0,
      0,
    ])
  })

  it('says hello, and at once behind it that the session is online', async () => {
    const { server } = await connected({ token: 'secret', deviceId: 'phone' })
    expect(server.connection.request.protocols).toEqual(['presencekit.v1'])
    expect(server.connection.messages).toEqual([
      { type: 'hello', version: 1, token: 'secret', device: 'phone' },
      { type: 'PRESENCE_UPDATE', status: 'online', ref: 1 },
    ])
  })

  it('tells each state that it goes through', async () => {
    const world = createClientWorld()
    const changes = changesOf(world)
    void world.client.connect()
    await world.clock.advance(100)
    void world.client.disconnect()
    await world.clock.advance(100)
    expect(changes).toEqual([
      { current: 'connecting', previous: 'idle', attempt: 0 },
      { current: 'connected', previous: 'connecting', attempt: 0 },
      { current: 'closed', previous: 'connected', attempt: 0 },
    ])
  })

  it('takes the address from a function, for each attempt', async () => {
    let attempts = 0
    const { clock, server } = await connected({ url: async () => `ws://example.com/${++attempts}` })
    server.connection.socket.close(1011)
    await clock.advance(SOON_MS)
    expect(server.connections.map(({ request }) => request.url)).toEqual(['/1', '/2'])
  })

  it('gives up an attempt that takes too long, from the token to the welcome', async () => {
    const world = createClientWorld({ connectTimeoutMs: 1_000 })
    const changes = changesOf(world)
    world.server.script = () => true
    void world.client.connect()
    await world.clock.advance(1_000)
    expect(changes.at(-1)).toMatchObject({ current: 'reconnecting', reason: 'TIMEOUT', attempt: 1 })
    world.server.script = () => false
    await world.clock.advance(SOON_MS)
    expect(world.client.state).toBe('connected')
  })

  it('waits through passing failures, in growing steps', async () => {
    const world = createClientWorld()
    const changes = changesOf(world)
    world.network.refuse(true)
    const connecting = world.client.connect()
    await world.clock.advance(60_000)
    const delays = changes.flatMap(({ retryInMs, attempt }) =>
      retryInMs === undefined ? [] : [[attempt, retryInMs] as const],
    )
    expect(delays.length).toBeGreaterThan(5)
    for (const [attempt, delayMs] of delays)
      expect(delayMs).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** (attempt - 1)))
    world.network.refuse(false)
    await world.clock.advance(30_000)
    await expect(connecting).resolves.toBeUndefined()
  })

  it('starts with short delays again only after a connection that lasted', async () => {
    const world = await connected()
    const changes = changesOf(world)
    const lose = async (uptimeMs: number) => {
      await world.clock.advance(uptimeMs)
      world.server.connection.socket.close(1011)
      await world.clock.advance(30_000)
      return changes.filter(({ current }) => current === 'reconnecting').at(-1)?.attempt
    }
    world.server.script = ({ socket }, message) => {
      if (message.type !== 'hello' || world.server.connections.length > 4) return false
      socket.close(1011)
      return true
    }
    expect(await lose(0)).toBe(4)
    expect(world.client.state).toBe('connected')
    expect(await lose(0)).toBe(1)
  })

  it('rejects at the first failure with reconnect: false', async () => {
    const { client, clock, network } = createClientWorld({ reconnect: false })
    network.refuse(true)
    const connecting = expect(client.connect()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    })
    await clock.advance(100)
    await connecting
    expect(client.state).toBe('closed')
  })

  it('continues the session that it had, and no other', async () => {
    const { client, clock, server } = await connected()
    server.connection.socket.close(1011)
    await clock.advance(SOON_MS)
    expect(server.connection.of('hello')).toEqual([{ type: 'hello', version: 1, previous: 'session-1' }])
    void client.disconnect()
    void client.connect()
    await clock.advance(100)
    expect(server.connection.of('hello'), 'a goodbye ends it').toEqual([{ type: 'hello', version: 1 }])
  })
})

describe('the close codes', () => {
  const stops: [number, PresenceErrorCode][] = [
    [1002, 'BAD_MESSAGE'],
    [1003, 'BAD_MESSAGE'],
    [1007, 'BAD_MESSAGE'],
    [1009, 'TOO_LARGE'],
    [4000, 'BAD_MESSAGE'],
    [4001, 'BANNED'],
    [4002, 'VERSION'],
    [4004, 'KICKED'],
    [4005, 'SUPERSEDED'],
    [4042, 'INTERNAL'],
  ]
  it.each(stops)('%i stops with %s', async (closeCode, code) => {
    const world = await connected()
    const changes = changesOf(world)
    world.server.connection.socket.close(closeCode)
    await world.clock.advance(60_000)
    expect(changes).toEqual([{ current: 'closed', previous: 'connected', reason: code, attempt: 0 }])
    expect(world.errors).toEqual([`connection ${code}`])
    expect(world.server.connections.length).toBe(1)
  })

  it.each([1000, 1001, 1011, 3000, 4102, 4999])('%i comes back', async (closeCode) => {
    const { client, clock, server, errors } = await connected()
    server.connection.socket.close(closeCode)
    await clock.advance(SOON_MS)
    expect([client.state, server.connections.length, errors.length]).toEqual(['connected', 2, 0])
  })

  it('1006 comes back', async () => {
    const { client, clock, network, server } = await connected()
    network.resetAll()
    await clock.advance(SOON_MS)
    expect([client.state, server.connections.length]).toEqual(['connected', 2])
  })

  it.each([4200, 4203, 4242])('%i comes back slowly', async (closeCode) => {
    const { clock, server } = await connected()
    server.connection.socket.close(closeCode)
    await clock.advance(SLOWLY_MS)
    expect(server.connections.length).toBe(1)
    await clock.advance(SLOWLY_MS + 100)
    expect(server.connections.length).toBe(2)
  })

  it.each([
    [1012, 'RESTART 1500'],
    [1013, 'OVERLOAD 1500'],
  ])('%i "%s" comes back at the named time, and as much again at random', async (closeCode, reason) => {
    const world = await connected()
    const changes = changesOf(world)
    world.server.connection.socket.close(closeCode, reason)
    await world.clock.advance(1_499)
    expect(world.server.connections.length).toBe(1)
    await world.clock.advance(1_600)
    expect(world.client.state).toBe('connected')
    expect(changes[0]?.retryInMs).toBeGreaterThanOrEqual(1_500)
    expect(changes[0]?.retryInMs).toBeLessThanOrEqual(3_000)
  })

  it('1012 "RESTART 0", again and again, is met with patience', async () => {
    const { clock, server } = await connected()
    server.script = ({ socket }) => {
      socket.close(1012, 'RESTART 0')
      return true
    }
    server.connection.socket.close(1012, 'RESTART 0')
    await clock.advance(60_000)
    expect(server.connections.length).toBeGreaterThan(2)
    expect(server.connections.length).toBeLessThan(15)
  })

  it('4100 stops at once where the token is a string', async () => {
    const { clock, server, errors } = await connected({ token: 'fixed' })
    server.connection.socket.close(4100)
    await clock.advance(60_000)
    expect([errors, server.connections.length]).toEqual([['connection UNAUTHORIZED'], 1])
  })

  it('4100 gets a new token once, then stops', async () => {
    const requests: Omit<TokenRequest, 'signal'>[] = []
    const world = createClientWorld({
      token: ({ reason, attempt }) => `token-${requests.push({ reason, attempt })}`,
    })
    world.server.script = ({ socket }, { type }) => {
      if (type === 'hello') socket.close(4100)
      return type === 'hello'
    }
    const connecting = expect(world.client.connect()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await world.clock.advance(60_000)
    await connecting
    expect(requests).toEqual([
      { reason: 'connect', attempt: 0 },
      { reason: 'unauthorized', attempt: 1 },
    ])
    expect(world.server.connections.map((connection) => connection.of('hello')[0]?.token)).toEqual([
      'token-1',
      'token-2',
    ])
  })

  it('4101 gets a new token and comes back at once', async () => {
    const reasons: string[] = []
    const { client, clock, server } = await connected({
      token: ({ reason }) => `token-${reasons.push(reason)}`,
    })
    await clock.advance(10_000)
    server.connection.socket.close(4101)
    await clock.advance(30)
    expect([client.state, reasons]).toEqual(['connected', ['connect', 'expired']])
  })

  it('4101 in a circle is met with patience', async () => {
    const { clock, server } = await connected({ token: () => 'always expired' })
    server.script = ({ socket }) => {
      socket.close(4101)
      return true
    }
    server.connection.socket.close(4101)
    await clock.advance(60_000)
    expect(server.connections.length).toBeLessThan(15)
  })
})

describe('tokens', () => {
  it('are asked for again when the function fails', async () => {
    const world = createClientWorld({
      token: ({ attempt }) => {
        if (attempt === 0) throw new Error('not now')
        return 'later'
      },
    })
    void world.client.connect()
    await world.clock.advance(SOON_MS)
    expect(world.client.state).toBe('connected')
    expect(world.errors).toEqual(['token UNAVAILABLE'])
  })

  it('stop the client when the function says that it is of no use', async () => {
    const { client, clock, errors } = createClientWorld({
      token: () => Promise.reject(new PresenceError('UNAUTHORIZED', 'logged out')),
    })
    const connecting = expect(client.connect()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await clock.advance(100)
    await connecting
    expect([client.state, errors]).toEqual(['closed', ['connection UNAUTHORIZED']])
  })

  it('that take too long are aborted', async () => {
    const signals: AbortSignal[] = []
    const { client, clock } = createClientWorld({
      connectTimeoutMs: 1_000,
      token: ({ signal }) => {
        signals.push(signal)
        return new Promise(() => undefined)
      },
    })
    void client.connect()
    await clock.advance(1_000)
    expect(signals[0]?.aborted).toBe(true)
    await clock.advance(SOON_MS)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  })

  it('are renewed in band when the server asks', async () => {
    const { clock, server } = await connected({ token: ({ reason }) => reason })
    server.connection.send({ type: 'renew' })
    await clock.advance(100)
    expect(server.connection.of('token')).toEqual([{ type: 'token', token: 'renew' }])
  })

  it('are not renewed where there is no way to a new one', async () => {
    const { clock, server } = await connected({ token: 'fixed' })
    server.connection.send({ type: 'renew' })
    await clock.advance(100)
    expect(server.connection.of('token')).toEqual([])
  })
})

describe('the heartbeat', () => {
  it('is answered at once', async () => {
    const { clock, server } = await connected()
    server.connection.send({ type: 'heartbeat', now: 1 })
    await clock.advance(10)
    expect(server.connection.of('heartbeat')).toEqual([{ type: 'heartbeat' }])
  })

  it('C4: a server without a word for the timeout of the welcome is dead', async () => {
    const world = await connected()
    const changes = changesOf(world)
    world.network.cutAll()
    await world.clock.advance(29_000)
    expect(world.client.state).toBe('connected')
    world.network.healAll()
    world.network.linkOf(world.server.connection.socket).cut()
    await world.clock.advance(2_000)
    expect(changes.map(({ current, reason }) => [current, reason])).toEqual([
      ['reconnecting', 'TIMEOUT'],
      ['connected', undefined],
    ])
  })

  it('C4: any frame is a sign of life', async () => {
    const { client, clock, server } = await connected()
    for (let beat = 0; beat < 10; beat++) {
      await clock.advance(25_000)
      server.connection.send({ type: 'heartbeat', now: beat })
    }
    expect([client.state, server.connections.length]).toEqual(['connected', 1])
  })

  it('a client that was stalled reads what lies there before it judges', async () => {
    const { client, clock, server } = await connected()
    server.connection.send({ type: 'heartbeat', now: 1 })
    await clock.stall(120_000)
    await clock.advance(100)
    expect([client.state, server.connections.length]).toEqual(['connected', 1])
  })
})

describe('an old socket', () => {
  it('changes nothing, whatever it still says', async () => {
    const { client, clock, network, server } = await connected()
    const first = server.connection
    network.linkOf(first.socket).mute('up')
    const changes: string[] = []
    await clock.advance(30_000)
    await clock.advance(SOON_MS)
    expect(server.connections.length).toBe(2)
    client.on('connection', ({ current }) => changes.push(current))
    client.on('presence', () => changes.push('presence'))
    first.send({ type: 'PRESENCE_UPDATE', users: [{ user: 'bob', status: 'online' }] })
    first.socket.close(4001)
    await clock.advance(1_000)
    expect([client.state, changes, client.get('bob').status]).toEqual(['connected', [], 'unknown'])
  })
})

describe('serverTime', () => {
  it('is right however wrong the clock here is', async () => {
    const { client, clock, server } = createClientWorld()
    expect(client.serverTime()).toBe(clock.time())
    void client.connect()
    await clock.advance(100)
    clock.stepTime(365 * 86_400_000)
    server.connection.send({ type: 'heartbeat', now: 2_000_000_000_000 })
    await clock.advance(1_005)
    expect(client.serverTime()).toBe(2_000_000_001_000)
  })
})

describe('frames that make no sense', () => {
  it('are told as an error and passed over', async () => {
    const { client, clock, server, errors } = await connected()
    server.connection.socket.send('{"type":"snapshot"}')
    server.connection.socket.send('not JSON')
    server.connection.socket.send(new Uint8Array([1]))
    server.connection.socket.send('{"type":"invented tomorrow"}')
    await clock.advance(100)
    expect([client.state, errors]).toEqual([
      'connected',
      ['frame BAD_MESSAGE', 'frame BAD_MESSAGE', 'frame BAD_MESSAGE'],
    ])
  })
})
