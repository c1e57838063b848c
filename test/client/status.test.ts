import { describe, expect, it } from 'vitest'
import type { OwnPresence } from '../../src/core/model.ts'
import { createClientWorld } from '../support/client-world.ts'

const choices = (updates: readonly { chosen?: boolean }[]) => updates.filter(({ chosen }) => chosen === true)

describe('setStatus', () => {
  it('connects by itself, and resolves once the server has taken it', async () => {
    const { client, clock, server } = createClientWorld()
    const told: OwnPresence[] = []
    client.on('self', (self) => told.push(self))
    const setting = client.setStatus('busy', { text: 'In a meeting', expiresInMs: 3_600_000 })
    await clock.advance(20)
    await setting
    expect(choices(server.connection.of('PRESENCE_UPDATE'))).toMatchObject([
      { status: 'busy', chosen: true, text: 'In a meeting', expiresInMs: 3_600_000 - 10 },
    ])
    expect(client.self).toMatchObject({ status: 'busy', chosen: 'busy', statusText: 'In a meeting' })
    expect(told.at(-1)).toBe(client.self)
    expect(Object.isFrozen(client.self)).toBe(true)
  })

  it('text: null clears, and a text left out stays out', async () => {
    const { client, clock, server } = createClientWorld()
    void client.connect()
    await clock.advance(100)
    void client.setStatus('away', { text: null })
    await clock.advance(100)
    void client.setStatus('auto')
    await clock.advance(100)
    expect(choices(server.connection.of('PRESENCE_UPDATE'))).toEqual([
      { type: 'PRESENCE_UPDATE', status: 'away', chosen: true, text: null, ref: 2 },
      { type: 'PRESENCE_UPDATE', status: 'auto', chosen: true, ref: 3 },
    ])
  })

  it('without a connection it is kept and sent with the next one; the newest choice holds and all resolve', async () => {
    const { client, clock, network, server } = createClientWorld()
    network.refuse(true)
    const settings = [
      client.setStatus('busy', { text: 'old words' }),
      client.setStatus('away', { expiresInMs: 60_000 }),
    ]
    await clock.advance(20_000)
    network.refuse(false)
    await clock.advance(30_000)
    await Promise.all(settings)
    const [choice, ...others] = choices(server.connection.of('PRESENCE_UPDATE'))
    expect(others).toEqual([])
    expect(choice).toMatchObject({ status: 'away', text: 'old words' })
    const { expiresInMs = NaN } = choice as { expiresInMs?: number }
    expect(expiresInMs).toBeGreaterThan(10_000)
    expect(expiresInMs).toBeLessThan(40_000)
  })

  it('is sent again when the connection is lost before the answer', async () => {
    const { client, clock, server } = createClientWorld()
    server.script = ({ socket }, message) => {
      if (message.type !== 'PRESENCE_UPDATE' || !message.chosen || server.connections.length > 1) return false
      socket.close(1011)
      return true
    }
    const setting = client.setStatus('invisible')
    await clock.advance(1_000)
    await setting
    expect(server.connections.length).toBe(2)
    expect(client.self).toMatchObject({ status: 'offline', chosen: 'invisible' })
  })

  it('rejects with what the server answers, and with CLOSED when the client is closed before', async () => {
    const { client, clock, server } = createClientWorld()
    server.script = ({ send }, message) => {
      if (message.type !== 'PRESENCE_UPDATE' || !message.chosen || message.ref === undefined) return false
      send({ type: 'error', code: 'UNAVAILABLE', ref: message.ref })
      return true
    }
    const unavailable = expect(client.setStatus('busy')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await clock.advance(100)
    await unavailable
    server.script = () => true
    const closed = expect(client.setStatus('busy')).rejects.toMatchObject({ code: 'CLOSED' })
    void client.disconnect()
    await clock.advance(5_000)
    await closed
  })

  it.each([
    ['offline', {}],
    ['busy', { text: 'x'.repeat(141) }],
    ['busy', { expiresInMs: -1 }],
    ['busy', { expiresInMs: NaN }],
    // Both of these once went out, were refused as bad frames, and ended the connection at the third.
    ['busy', { expiresInMs: 1e12 }],
    ['busy', { text: '\ud800' }],
  ])('rejects what can be no choice with CONFIG: %s %j', async (status, options) => {
    const { client } = createClientWorld()
    await expect(client.setStatus(status as 'busy', options)).rejects.toMatchObject({ code: 'CONFIG' })
    expect(client.state).toBe('idle')
  })

  it('another session’s choice is told as well', async () => {
    const { client, clock, server } = createClientWorld()
    void client.connect()
    await clock.advance(100)
    server.connection.send({
      type: 'self',
      status: 'away',
      chosen: 'away',
      text: 'Lunch',
      expiresInMs: 5_000,
    })
    await clock.advance(100)
    expect(client.self).toEqual({ status: 'away', chosen: 'away', statusText: 'Lunch', expiresInMs: 5_000 })
  })
})
