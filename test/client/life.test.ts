import { describe, expect, it } from 'vitest'
import { createPresenceClient } from '../../src/client/index.ts'
import { createClientWorld } from '../support/client-world.ts'

const GOODBYE = { type: 'PRESENCE_UPDATE', status: 'offline' }

describe('disconnect', () => {
  it('says goodbye, waits for the close, and resolves also twice', async () => {
    const { client, clock, network, server } = createClientWorld()
    void client.connect()
    await clock.advance(100)
    const leaving = Promise.all([client.disconnect(), client.disconnect()])
    expect(client.state).toBe('closed')
    await clock.advance(100)
    await leaving
    await client.disconnect()
    expect(server.connection.messages.at(-1)).toEqual(GOODBYE)
    expect([network.links.length, clock.pending()]).toEqual([0, 0])
  })

  it('resolves where there was no connection', async () => {
    const { client } = createClientWorld()
    await client.disconnect()
    expect(client.state).toBe('closed')
  })

  it('does not wait for ever for a server that is gone', async () => {
    const { client, clock, network } = createClientWorld()
    void client.connect()
    await clock.advance(100)
    network.cutAll()
    const leaving = client.disconnect()
    await clock.advance(2_000)
    await leaving
    expect(clock.pending()).toBe(0)
  })

  it('ends an attempt, whose connect() rejects with CLOSED', async () => {
    const { client, clock, network } = createClientWorld()
    network.cutAll()
    const connecting = expect(client.connect()).rejects.toMatchObject({ code: 'CLOSED' })
    await clock.advance(100)
    await client.disconnect()
    await connecting
    await clock.advance(60_000)
    expect([client.state, network.links.length, clock.pending()]).toEqual(['closed', 0, 0])
  })

  it.each(['connect', 'subscribe'] as const)(
    'afterwards %s() connects again, and all is watched as before',
    async (call) => {
      const { client, clock, server } = createClientWorld()
      client.subscribe('bob')
      await clock.advance(100)
      void client.disconnect()
      await clock.advance(100)
      if (call === 'connect') void client.connect()
      else client.subscribe('carol')
      await clock.advance(100)
      expect(client.state).toBe('connected')
      expect(server.connection.of('subscribe').flatMap(({ users }) => users)).toContain('bob')
    },
  )

  it('in a listener is fine', async () => {
    const { client, clock, network, server } = createClientWorld()
    client.on('connection', ({ current }) => {
      if (current === 'connected') void client.disconnect()
    })
    void client.connect()
    await clock.advance(100)
    expect(server.connection.messages.at(-1)).toEqual(GOODBYE)
    expect([client.state, network.links.length]).toEqual(['closed', 0])
  })
})

describe('a refusal', () => {
  it('is not overrun by what connects by itself, only by connect()', async () => {
    const { client, clock, server } = createClientWorld()
    const early = client.subscribe('bob')
    await clock.advance(15)
    server.connection.socket.close(4004)
    await clock.advance(100)
    await expect(client.subscribe('carol').ready).rejects.toMatchObject({ code: 'KICKED' })
    await expect(client.fetch('carol')).rejects.toMatchObject({ code: 'KICKED' })
    await expect(client.setStatus('busy')).rejects.toMatchObject({ code: 'KICKED' })
    await early.ready.catch(() => undefined)
    expect(server.connections.length).toBe(1)
    await Promise.all([client.connect(), clock.advance(100)])
    expect(server.connection.of('subscribe').map(({ users }) => users)).toEqual([['bob', 'carol']])
  })
})

describe('destroy', () => {
  it('says goodbye without waiting', async () => {
    const { client, clock, network, server } = createClientWorld()
    client.subscribe('bob', () => undefined)
    client.subscribeContacts()
    await clock.advance(100)
    client.destroy()
    expect(clock.pending()).toBe(0)
    await clock.advance(100)
    expect(server.connection.messages.at(-1)).toEqual(GOODBYE)
    expect([client.state, network.links.length, clock.pending()]).toEqual(['closed', 0, 0])
  })

  it.each([0, 1, 6, 11, 16, 26, 41, 61, 100, 5_000, 20_000, 70_000])(
    'leaves nothing, %i ms on',
    async (ms) => {
      const { client, clock, network, server, errors } = createClientWorld()
      const told: string[] = []
      client.subscribe('bob', () => told.push('listener'))
      void client.fetch('carol').catch(() => undefined)
      void client.setStatus('busy').catch(() => undefined)
      client.on('connection', ({ current }) => told.push(current))
      await clock.advance(ms)
      if (ms === 70_000) network.refuse(true)
      if (ms > 100) server.connection.socket.close(1011)
      await clock.advance(5)
      client.destroy()
      client.destroy()
      const toldBefore = told.length
      await clock.advance(60_000)
      expect([clock.pending(), network.links.length, told.length - toldBefore, errors]).toEqual([0, 0, 0, []])
      expect(client.get('bob')).toMatchObject({ status: 'unknown', online: false })
    },
  )

  it('in a listener stops all that would have followed', async () => {
    const { client, clock, network, server } = createClientWorld()
    const told: string[] = []
    server.presences.set('bob', { status: 'online' })
    client.subscribe('bob', () => {
      told.push('first')
      client.destroy()
    })
    client.subscribe('bob', () => told.push('second'))
    client.on('presence', () => told.push('presence'))
    await clock.advance(100)
    expect([told, clock.pending(), network.links.length]).toEqual([['presence', 'first'], 0, 0])
  })

  it('afterwards nothing works, and nothing throws', async () => {
    const { client, clock, network } = createClientWorld()
    const subscription = client.subscribe('bob')
    client.destroy()
    await expect(subscription.ready).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(client.connect()).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(client.setStatus('busy')).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(client.subscribe('carol').ready).rejects.toMatchObject({ code: 'CLOSED' })
    subscription.add('dave')
    subscription.unsubscribe()
    client.subscribeContacts()()
    await client.disconnect()
    await clock.advance(1_000)
    expect([network.links.length, clock.pending()]).toEqual([0, 0])
  })
})

describe('options', () => {
  const url = 'wss://example.com'
  it.each([
    [{}, 'url'],
    [{ url: 'https://example.com' }, 'url'],
    [{ url, token: '' }, 'token'],
    [{ url, deviceId: 'x'.repeat(129) }, 'deviceId'],
    [{ url, connectTimeoutMs: 0 }, 'connectTimeoutMs'],
    [{ url, staleAfterMs: -1 }, 'staleAfterMs'],
    [{ url, staleAfterMs: 10, unknownAfterMs: 5 }, 'unknownAfterMs'],
    [{ url, subscribeBatchMs: NaN }, 'subscribeBatchMs'],
    [{ url, unsubscribeDelayMs: Infinity }, 'unsubscribeDelayMs'],
    [{ url, reconnect: { minDelayMs: 0 } }, 'reconnect.minDelayMs'],
    [{ url, reconnect: { minDelayMs: 100, maxDelayMs: 50 } }, 'reconnect.maxDelayMs'],
    [{ url, reconnect: { minUptimeMs: '5' as never } }, 'reconnect.minUptimeMs'],
    [{ url, activity: { idleAwayMs: 0 } }, 'activity.idleAwayMs'],
    [{ url, activity: { hiddenAwayMs: -1 } }, 'activity.hiddenAwayMs'],
  ])('that cannot work throw CONFIG, and name what is wrong: %j', (options, name) => {
    expect(() => createPresenceClient(options)).toThrow(
      expect.objectContaining({
        code: 'CONFIG',
        message: expect.stringMatching(`^${name}: `) as string,
      }) as Error,
    )
  })

  it('a client without a socket of the application cannot use another', () => {
    const { client } = createClientWorld()
    expect(() => client.useSocket({} as never)).toThrow(expect.objectContaining({ code: 'CONFIG' }) as Error)
  })
})
