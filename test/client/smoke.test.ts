import { expect, it } from 'vitest'
import { createClientWorld } from '../support/client-world.ts'

it('connects, subscribes, hears of a change, says goodbye and leaves nothing', async () => {
  const { client, clock, network, server, errors } = createClientWorld()
  server.presences.set('bob', { status: 'online' })
  const seen: unknown[] = []
  client.on('connection', ({ current, reason }) => seen.push(reason ? [current, reason] : current))
  const sub = client.subscribe('bob', (presence, previous) =>
    seen.push([presence.status, presence.version, previous.status]),
  )
  await clock.advance(100)
  expect(await sub.ready).toEqual([client.get('bob')])
  server.change('bob', { status: 'offline', lastSeen: 5, reason: 'leave' })
  await clock.advance(100)
  expect(seen).toEqual(['connecting', 'connected', ['online', 1, 'unknown'], ['offline', 2, 'online']])
  expect(server.connection.messages).toEqual([
    { type: 'hello', version: 1 },
    { type: 'PRESENCE_UPDATE', status: 'online', ref: 1 },
    { type: 'subscribe', users: ['bob'], ref: 2 },
  ])
  client.destroy()
  await clock.advance(100)
  expect(clock.pending()).toBe(0)
  expect(network.links).toEqual([])
  expect(errors).toEqual([])
})
