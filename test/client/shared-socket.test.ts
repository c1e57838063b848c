import { describe, expect, it } from 'vitest'
import { createPresenceClient, type PresenceClient } from '../../src/client/index.ts'
import { unwrap, wrap } from '../../src/core/socket.ts'
import {
  createFakeClock,
  createMemoryNetwork,
  type FakeClock,
  type MemoryNetwork,
  type MemorySocket,
} from '../../src/testing/index.ts'
import { welcome } from '../support/scripted-server.ts'

interface SharedWorld {
  readonly clock: FakeClock
  readonly network: MemoryNetwork
  readonly client: PresenceClient
  readonly socket: MemorySocket
  /** What the server heard, byte for byte. */
  readonly heard: string[]
  /** What the application's own handler saw. */
  readonly seen: string[]
  readonly openSocket: () => MemorySocket
  /** To the newest socket. */
  readonly say: (frame: string) => void
}

async function createSharedWorld(): Promise<SharedWorld> {
  const clock = createFakeClock()
  const network = createMemoryNetwork({ clock, delayMs: 5 })
  const heard: string[] = []
  const seen: string[] = []
  const servers: MemorySocket[] = []
  network.listen((server) => {
    servers.push(server)
    server.addEventListener('message', ({ data }: { data: string }) => {
      heard.push(data)
      if (data.includes('"hello"')) server.send(wrap(JSON.stringify(welcome(`session-${heard.length}`))))
    })
  })
  const openSocket = (): MemorySocket => {
    const opened = new network.WebSocket('ws://example.com/app')
    opened.addEventListener('message', ({ data }: { data: string }) => seen.push(data))
    return opened
  }
  const socket = openSocket()
  const client = createPresenceClient({ socket, clock })
  await clock.advance(100)
  return {
    clock,
    network,
    client,
    socket,
    heard,
    seen,
    openSocket,
    say: (frame) => servers.at(-1)?.send(frame),
  }
}

describe('on a socket of the application', () => {
  it.each(['open', 'not open yet'])('that is %s, our frames travel in an envelope', async (state) => {
    const world = await createSharedWorld()
    const client =
      state === 'open'
        ? world.client
        : createPresenceClient({ socket: world.openSocket(), clock: world.clock })
    const connecting = client.connect()
    await world.clock.advance(100)
    await connecting
    expect(world.heard.map((frame) => unwrap(frame))).toEqual([
      '{"type":"hello","version":1}',
      '{"type":"PRESENCE_UPDATE","status":"online","ref":1}',
    ])
  })

  it('S16: frames of the application are not ours to touch', async () => {
    const { client, clock, socket, heard, seen, say } = await createSharedWorld()
    const errors: unknown[] = []
    client.on('error', (error) => errors.push(error))
    void client.connect()
    await clock.advance(100)
    const foreign = ['{"presence":1}', 'not JSON', '{ "presencekit":{}}', '']
    for (const frame of foreign) {
      socket.send(frame)
      say(frame)
    }
    await clock.advance(100)
    expect(heard.slice(2)).toEqual(foreign)
    expect(seen.slice(1)).toEqual(foreign)
    expect([client.state, errors]).toEqual(['connected', []])
  })

  it('a goodbye leaves the socket open, and no listener of ours on it', async () => {
    const { client, clock, socket, heard, say } = await createSharedWorld()
    void client.connect()
    await clock.advance(100)
    await client.disconnect()
    await clock.advance(100)
    expect(unwrap(heard.at(-1) ?? '')).toBe('{"type":"PRESENCE_UPDATE","status":"offline"}')
    say(wrap('{"type":"heartbeat","now":1}'))
    await clock.advance(100)
    expect([socket.readyState, heard.length, clock.pending()]).toEqual([1, 3, 0])
  })

  it('a close frame means what the close means: stop', async () => {
    const { client, clock, socket, say } = await createSharedWorld()
    void client.connect()
    await clock.advance(100)
    say(wrap('{"type":"close","code":4004,"reason":"KICKED"}'))
    await clock.advance(100)
    expect([client.state, socket.readyState]).toEqual(['closed', 1])
  })

  it('a close frame means what the close means: say hello again', async () => {
    const { client, clock, heard, say } = await createSharedWorld()
    void client.connect()
    await clock.advance(100)
    say(wrap('{"type":"close","code":1012,"reason":"RESTART 1000"}'))
    await clock.advance(900)
    expect(heard.length).toBe(2)
    await clock.advance(1_200)
    expect(heard.slice(2).map((frame) => unwrap(frame))[0]).toBe(
      '{"type":"hello","version":1,"previous":"session-1"}',
    )
    expect(client.state).toBe('connected')
  })

  it('a socket that closes suspends; the next one that the application brings goes on', async () => {
    const { client, clock, network, socket, heard, openSocket } = await createSharedWorld()
    void client.connect()
    await clock.advance(100)
    socket.close(4001)
    await clock.advance(60_000)
    expect([client.state, network.links.length, heard.length]).toEqual(['suspended', 0, 2])
    client.useSocket(openSocket())
    await clock.advance(100)
    expect([client.state, heard.length]).toEqual(['connected', 4])
  })

  it('useSocket moves a connection that still lives', async () => {
    const { client, clock, heard, openSocket } = await createSharedWorld()
    void client.connect()
    await clock.advance(100)
    client.useSocket(openSocket())
    await clock.advance(100)
    expect([client.state, heard.length]).toEqual(['connected', 4])
  })
})
