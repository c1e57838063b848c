import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PresenceClientOptions } from '../../src/client/index.ts'
import { type ClientWorld, createClientWorld } from '../support/client-world.ts'
import { createFakePage, type FakePage } from '../support/fake-page.ts'

let page: FakePage
beforeEach(() => {
  page = createFakePage()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

async function connected(options: Partial<PresenceClientOptions> = {}): Promise<ClientWorld> {
  const world = createClientWorld(options)
  void world.client.connect()
  await world.clock.advance(100)
  return world
}

/** What the session has reported of itself, beginning with its first report. */
function reports({ server }: ClientWorld): string[] {
  return server.connections.flatMap((connection) =>
    connection.of('PRESENCE_UPDATE').map(({ status }) => status),
  )
}

async function keepAlive({ clock, server }: ClientWorld, durationMs: number): Promise<void> {
  for (let passedMs = 0; passedMs < durationMs; passedMs += 20_000) {
    server.connection.send({ type: 'heartbeat', now: passedMs })
    await clock.advance(20_000)
  }
}

describe('activity', () => {
  it('a page hidden for hiddenAwayMs is away, and online at once when it is looked at', async () => {
    const world = await connected()
    page.hide()
    await keepAlive(world, 40_000)
    expect(reports(world)).toEqual(['online'])
    await keepAlive(world, 40_000)
    expect(reports(world)).toEqual(['online', 'away'])
    page.show()
    await world.clock.advance(10)
    expect(reports(world)).toEqual(['online', 'away', 'online'])
  })

  it('a page without input for idleAwayMs is away, and online at the first input', async () => {
    const world = await connected({ activity: { idleAwayMs: 30_000 } })
    await keepAlive(world, 20_000)
    page.window.dispatchEvent(new Event('keydown'))
    await keepAlive(world, 20_000)
    expect(reports(world)).toEqual(['online'])
    await keepAlive(world, 20_000)
    expect(reports(world)).toEqual(['online', 'away'])
    page.window.dispatchEvent(new Event('pointermove'))
    await world.clock.advance(10)
    expect(reports(world)).toEqual(['online', 'away', 'online'])
  })

  it('is told by the first report of a new connection', async () => {
    const world = await connected()
    page.hide()
    await keepAlive(world, 80_000)
    world.server.connection.socket.close(1011)
    await world.clock.advance(600)
    expect(world.server.connection.of('PRESENCE_UPDATE').map(({ status }) => status)).toEqual(['away'])
  })

  it('activity: false is always online', async () => {
    const world = await connected({ activity: false })
    page.hide()
    await keepAlive(world, 600_000)
    expect(reports(world)).toEqual(['online'])
  })

  it('without a page a session is always online', async () => {
    vi.unstubAllGlobals()
    const world = await connected()
    await keepAlive(world, 600_000)
    expect(reports(world)).toEqual(['online'])
  })
})

describe('the network of the page', () => {
  it('offline suspends without trying, online comes back at once', async () => {
    const { client, clock, network, server } = await connected()
    page.setOnline(false)
    expect(client.state).toBe('suspended')
    await clock.advance(3_600_000)
    expect([server.connections.length, network.links.length]).toEqual([1, 0])
    page.setOnline(true)
    await clock.advance(50)
    expect([client.state, server.connections.length]).toEqual(['connected', 2])
  })

  it('news of it cut short the wait for the next attempt, but not one that the server asked for', async () => {
    const { client, clock, network, server } = await connected()
    network.refuse(true)
    network.resetAll()
    await clock.advance(60_000)
    network.refuse(false)
    page.show()
    await clock.advance(50)
    expect(client.state).toBe('connected')
    server.connection.socket.close(1012, 'RESTART 10000')
    await clock.advance(50)
    page.show()
    await clock.advance(1_000)
    expect(client.state).toBe('reconnecting')
  })

  it('wakes nobody who has not been asked to connect', async () => {
    const { client, clock, server } = createClientWorld()
    page.setOnline(false)
    page.setOnline(true)
    await clock.advance(1_000)
    expect([client.state, server.connections.length]).toEqual(['idle', 0])
  })
})

describe('the life of the page', () => {
  it('a frozen page is suspended until it runs again', async () => {
    const { client, clock } = await connected()
    page.document.dispatchEvent(new Event('freeze'))
    expect(client.state).toBe('suspended')
    page.document.dispatchEvent(new Event('resume'))
    await clock.advance(50)
    expect(client.state).toBe('connected')
  })

  it('a page that is left is a drop, never a goodbye', async () => {
    const world = await connected()
    page.window.dispatchEvent(new Event('pagehide'))
    await world.clock.advance(1_000)
    expect(reports(world)).toEqual(['online'])
    expect([world.client.state, world.network.links.length]).toEqual(['suspended', 0])
  })

  it('a page that comes out of the back-forward cache connects again', async () => {
    const { client, clock } = await connected()
    page.window.dispatchEvent(new Event('pagehide'))
    await clock.advance(100_000)
    page.window.dispatchEvent(new Event('pageshow'))
    await clock.advance(50)
    expect(client.state).toBe('connected')
  })

  it('the next page in the tab continues the session, once; a tab that was duplicated does not', async () => {
    const world = await connected()
    expect(page.sessionStorage.size).toBe(0)
    page.window.dispatchEvent(new Event('pagehide'))
    await world.clock.advance(100)
    const { clock, server, createClient } = world
    for (const client of [createClient(), createClient()]) {
      void client.connect()
      await clock.advance(100)
    }
    const previous = server.connections.map((connection) => connection.of('hello')[0]?.previous)
    expect(previous).toEqual([undefined, 'session-1', undefined])
    expect(page.sessionStorage.size).toBe(0)
  })

  it('a page without session storage connects all the same', async () => {
    vi.stubGlobal('sessionStorage', undefined)
    const { client } = await connected()
    page.window.dispatchEvent(new Event('pagehide'))
    expect(client.state).toBe('suspended')
  })
})

describe('destroy', () => {
  it('leaves no listener on the page', async () => {
    const { client } = await connected()
    expect(page.listeners()).toBeGreaterThan(5)
    client.destroy()
    expect(page.listeners()).toBe(0)
  })
})
