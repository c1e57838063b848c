import { describe, expect, it } from 'vitest'
import { createClientWorld } from '../support/client-world.ts'

const ONLINE = { status: 'online' } as const
const many = (count: number, prefix = 'user'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

describe('subscriptions made within subscribeBatchMs', () => {
  it('travel in one frame', async () => {
    const { client, clock, server } = createClientWorld()
    await connect()
    client.subscribe('bob')
    await clock.advance(10)
    client.subscribe(['carol', 'bob'])
    client.subscribe('dave').unsubscribe()
    await clock.advance(100)
    expect(server.connection.of('subscribe').map(({ users }) => users)).toEqual([['bob', 'carol', 'dave']])

    async function connect(): Promise<void> {
      void client.connect()
      await clock.advance(100)
    }
  })

  it('and ended again within it cost nothing', async () => {
    const { client, clock, server } = createClientWorld({ unsubscribeDelayMs: 0 })
    void client.connect()
    await clock.advance(100)
    client.subscribe('bob').unsubscribe()
    await clock.advance(100)
    expect(server.connection.of('subscribe')).toEqual([])
    expect(server.connection.of('unsubscribe')).toEqual([])
  })
})

describe('long lists', () => {
  it('go in frames of less than 16,384 bytes, at most four unanswered at a time', async () => {
    const { client, clock, network, server } = createClientWorld()
    const sizes: number[] = []
    let unanswered = 0
    let most = 0
    network.onFrame((_, direction, data, phase) => {
      if (phase !== 'sent' || typeof data !== 'string') return
      if (direction === 'up') sizes.push(Buffer.byteLength(data))
      if (data.includes('"ref"')) unanswered += direction === 'up' ? 1 : -1
      most = Math.max(most, unanswered)
    })
    const ids = many(5_000, '\u{1f600}\u0007'.repeat(10))
    const { ready } = client.subscribe(ids)
    await clock.advance(10_000)
    expect((await ready).length).toBe(5_000)
    expect(Math.max(...sizes)).toBeLessThan(16_384)
    expect(Math.max(...sizes)).toBeGreaterThan(15_000)
    expect(most).toBe(4)
    expect(server.connection.of('subscribe').flatMap(({ users }) => users)).toEqual(ids)
  })
})

describe('fetch', () => {
  it('answers in the order asked, duplicates and all', async () => {
    const { client, clock, server } = createClientWorld()
    server.presences.set('bob', ONLINE)
    const fetching = client.fetch(['carol', 'bob', 'carol'])
    await clock.advance(100)
    const [carol, bob, again] = await fetching
    expect([carol?.userId, bob?.userId, again]).toEqual(['carol', 'bob', carol])
    expect(bob).toBe(client.get('bob'))
    expect(server.connection.of('fetch').map(({ users }) => users)).toEqual([['carol', 'bob']])
  })

  it('of nobody asks nobody', async () => {
    const { client } = createClientWorld()
    await expect(client.fetch([])).resolves.toEqual([])
    expect(client.state).toBe('idle')
  })

  it('shows what it brought as stale, then unknown, where nobody watches', async () => {
    const { client, clock, server } = createClientWorld()
    server.presences.set('bob', ONLINE)
    void client.fetch('bob')
    await clock.advance(100)
    expect(client.get('bob').stale).toBe(false)
    await clock.advance(5_000)
    expect(client.get('bob').stale).toBe(true)
  })

  it('waits for a connection, and rejects with TIMEOUT when that takes too long', async () => {
    const { client, clock, network } = createClientWorld({ reconnect: { maxDelayMs: 1_000 } })
    network.refuse(true)
    const inTime = client.fetch('bob')
    await clock.advance(5_000)
    network.refuse(false)
    await clock.advance(4_900)
    await expect(inTime).resolves.toMatchObject([{ userId: 'bob' }])
    network.refuse(true)
    network.resetAll()
    const late = expect(client.fetch('bob')).rejects.toMatchObject({ code: 'TIMEOUT', retryable: true })
    await clock.advance(10_000)
    await late
  })

  it('is asked again when the connection is lost before the answer', async () => {
    const { client, clock, server } = createClientWorld()
    server.script = ({ socket }, { type }) => {
      if (type !== 'fetch' || server.connections.length > 1) return false
      socket.close(1011)
      return true
    }
    const fetching = client.fetch('bob')
    await clock.advance(1_000)
    await expect(fetching).resolves.toMatchObject([{ userId: 'bob' }])
  })

  it.each(['UNAVAILABLE', 'LIMIT', 'BAD_ID'] as const)('rejects with %s', async (code) => {
    const { client, clock, server, errors } = createClientWorld()
    server.script = ({ send }, message) => {
      if (message.type !== 'fetch') return false
      send({ type: 'error', code, ref: message.ref })
      return true
    }
    const fetching = expect(client.fetch('bob')).rejects.toMatchObject({ name: 'PresenceError', code })
    await clock.advance(100)
    await fetching
    expect(errors).toEqual([])
  })

  it('rejects with BAD_ID before asking, and with CLOSED after destroy', async () => {
    const { client } = createClientWorld()
    await expect(client.fetch(['bob', ''])).rejects.toMatchObject({ code: 'BAD_ID' })
    const pending = expect(client.fetch('bob')).rejects.toMatchObject({ code: 'CLOSED' })
    client.destroy()
    await pending
    await expect(client.fetch('bob')).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

describe('RATE_LIMITED', () => {
  it('is asked again after retryAfterMs, and everything else waits as long', async () => {
    const { client, clock, server, errors } = createClientWorld()
    let limited = true
    server.script = ({ send }, message) => {
      if (message.type !== 'subscribe' || !limited) return false
      limited = false
      send({ type: 'error', code: 'RATE_LIMITED', ref: message.ref, retryAfterMs: 3_000 })
      return true
    }
    const { ready } = client.subscribe('bob')
    await clock.advance(100)
    void client.fetch('carol')
    await clock.advance(2_900)
    expect(server.connection.of('fetch')).toEqual([])
    await clock.advance(200)
    await ready
    expect(server.connection.of('subscribe').map(({ users }) => users)).toEqual([['bob'], ['bob']])
    expect(server.connection.of('fetch').length).toBe(1)
    expect(errors).toEqual([])
  })
})

describe('UNAVAILABLE', () => {
  it('keeps the last known value as stale, and asks again at growing intervals', async () => {
    const { client, clock, server, errors } = createClientWorld()
    server.presences.set('bob', ONLINE)
    client.subscribe('bob')
    await clock.advance(100)
    server.script = ({ send }, message) => {
      if (message.type !== 'subscribe') return false
      send({ type: 'error', code: 'UNAVAILABLE', ref: message.ref })
      return true
    }
    server.connection.socket.close(1011)
    await clock.advance(600)
    expect(client.get('bob')).toMatchObject({ status: 'online', stale: true })
    await clock.advance(60_000)
    const asked = server.connection.of('subscribe').length
    expect(asked).toBeGreaterThan(3)
    expect(asked).toBeLessThan(20)
    expect(new Set(errors)).toEqual(new Set(['request UNAVAILABLE']))
    server.script = () => false
    await clock.advance(30_000)
    expect(client.get('bob')).toMatchObject({ status: 'online', stale: false })
  })

  it('of the announcement holds everything else back, for the server would not take it', async () => {
    const { client, clock, server } = createClientWorld()
    let times = 0
    server.script = ({ send }, message) => {
      if (message.type !== 'PRESENCE_UPDATE' || times++ > 0 || message.ref === undefined) return false
      send({ type: 'error', code: 'UNAVAILABLE', ref: message.ref })
      return true
    }
    void client.connect()
    await clock.advance(50)
    client.subscribe('bob')
    await clock.advance(3_000)
    expect(server.connection.messages.map(({ type }) => type)).toEqual([
      'hello',
      'PRESENCE_UPDATE',
      'PRESENCE_UPDATE',
      'subscribe',
    ])
  })
})

describe('an answer that does not come', () => {
  it('is asked for again, and keeps nobody else waiting for ever', async () => {
    const { client, clock, server } = createClientWorld()
    server.script = (_, { type }) => type === 'subscribe'
    for (const [index] of Array.from({ length: 6 }).entries()) {
      client.subscribe(`user-${index}`)
      await clock.advance(50)
    }
    expect(server.connection.of('subscribe').length).toBe(4)
    server.script = () => false
    server.connection.send({ type: 'heartbeat', now: 0 })
    const fetching = client.fetch('bob')
    await clock.advance(10_000)
    await expect(fetching).resolves.toBeDefined()
    await clock.advance(2_000)
    expect(new Set(server.connection.of('subscribe').flatMap(({ users }) => users)).size).toBe(6)
  })
})

describe('a subscription that the server refuses', () => {
  it.each(['LIMIT', 'BAD_ID'] as const)('with %s rejects ready and is told as an error', async (code) => {
    const { client, clock, server, errors } = createClientWorld()
    server.script = ({ send }, message) => {
      if (message.type !== 'subscribe') return false
      send({ type: 'error', code, ref: message.ref })
      return true
    }
    const { ready } = client.subscribe('bob')
    await clock.advance(100)
    await expect(ready).rejects.toMatchObject({ code })
    expect(errors).toEqual([`request ${code}`])
    server.script = () => false
    await expect(Promise.all([client.subscribe('bob').ready, clock.advance(100)])).resolves.toBeDefined()
  })

  it('causes no unhandled rejection', async () => {
    const unhandled: unknown[] = []
    const listener = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', listener)
    const { client, clock } = createClientWorld({ token: 'fixed' })
    client.subscribe('bob')
    client.subscribe('carol').unsubscribe()
    client.destroy()
    await clock.advance(100)
    process.off('unhandledRejection', listener)
    expect(unhandled).toEqual([])
  })
})
