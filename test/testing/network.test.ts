import { describe, expect, it } from 'vitest'
import {
  createFakeClock,
  createMemoryNetwork,
  createRandom,
  type FakeClock,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  type MemoryRequest,
  type MemorySocket,
  type MemorySocketEvent,
} from '../../src/testing/index.ts'

const url = 'ws://server.example/presence?x=1'

interface World {
  readonly clock: FakeClock
  readonly network: MemoryNetwork
  readonly servers: MemorySocket[]
  readonly requests: MemoryRequest[]
  /** What happened, with its instant: `3 client message hello`. */
  readonly log: string[]
  readonly connect: (to?: string, protocols?: string | string[]) => MemorySocket
  /** Empties the log. */
  readonly seen: () => string[]
}

function createWorld(options: Omit<MemoryNetworkOptions, 'clock'> = {}): World {
  const clock = createFakeClock()
  const start = clock.now()
  const network = createMemoryNetwork({ clock, ...options })
  const log: string[] = []
  const watch = (socket: MemorySocket, name: string): void => {
    const note = (text: string) => log.push(`${clock.now() - start} ${name} ${text}`)
    const on = (type: MemorySocketEvent['type'], listener: (event: MemorySocketEvent) => void) =>
      socket.addEventListener(type, listener)
    on('open', () => note('open'))
    on('error', () => note('error'))
    on('message', (event) => note(`message ${event.type === 'message' ? String(event.data) : ''}`))
    on('close', (event) => {
      if (event.type === 'close')
        note(`close ${event.code} ${event.reason}${event.wasClean ? 'clean' : 'unclean'}`)
    })
  }
  const servers: MemorySocket[] = []
  const requests: MemoryRequest[] = []
  network.listen((socket, request) => {
    servers.push(socket)
    requests.push(request)
    watch(socket, 'server')
  })
  return {
    clock,
    network,
    servers,
    requests,
    log,
    connect(to = url, protocols = []) {
      const client = new network.WebSocket(to, protocols)
      watch(client, 'client')
      return client
    },
    seen: () => log.splice(0),
  }
}

async function createPair(options: Omit<MemoryNetworkOptions, 'clock'> = {}) {
  const world = createWorld(options)
  const client = world.connect()
  await world.clock.advance(1_000)
  const server = world.servers[0] as MemorySocket
  world.seen()
  const since = world.clock.now()
  const seen = () =>
    world.seen().map((line) => {
      const [at = '', ...rest] = line.split(' ')
      return [Number(at) - 1_000, ...rest].join(' ')
    })
  return { ...world, client, server, link: world.network.linkOf(client), since, seen }
}

describe('opening', () => {
  it('takes a delay up and a delay down', async () => {
    const { clock, connect, log } = createWorld({ delayMs: 10 })
    const client = connect()
    expect(client.readyState).toBe(0)
    await clock.advance(19)
    expect(log).toEqual([])
    await clock.advance(1)
    expect(log).toEqual(['20 client open'])
    expect(client.readyState).toBe(1)
  })

  it('tells the server who comes, and both ends the first protocol offered', async () => {
    const { clock, connect, requests, servers } = createWorld()
    const client = connect(url, ['presencekit.v1', 'other'])
    const second = connect(url, 'presencekit.v1')
    await clock.settle()
    expect(requests[0]).toMatchObject({
      url: '/presence?x=1',
      headers: {},
      protocols: ['presencekit.v1', 'other'],
    })
    expect(requests[0]?.remote).not.toBe(requests[1]?.remote)
    expect([client.protocol, servers[0]?.protocol, second.protocol]).toEqual(Array(3).fill('presencekit.v1'))
  })

  it('brings what the server sends at once behind the open', async () => {
    const clock = createFakeClock()
    const network = createMemoryNetwork({ clock, delayMs: [0, 20] })
    network.listen((socket) => socket.send('hello'))
    const seen: string[] = []
    const client = new network.WebSocket(url)
    client.addEventListener('open', () => seen.push('open'))
    client.addEventListener('message', () => seen.push('message'))
    await clock.advance(100)
    expect(seen).toEqual(['open', 'message'])
  })

  it('ends in an error and 1006 where nobody listens', async () => {
    const clock = createFakeClock()
    const network = createMemoryNetwork({ clock, delayMs: 5 })
    const stop = network.listen(() => undefined, 'a.example')
    const events: string[] = []
    const connect = (to: string): MemorySocket => {
      const client = new network.WebSocket(to)
      client.addEventListener('error', () => events.push('error'))
      client.addEventListener('close', ({ code }: { code: number }) => events.push(`close ${code}`))
      return client
    }
    const refusedOne = connect('ws://b.example')
    expect(events).toEqual([])
    await clock.advance(10)
    expect(events).toEqual(['error', 'close 1006'])
    expect(refusedOne.readyState).toBe(3)
    expect(network.links).toEqual([])

    const taken = connect('ws://a.example')
    await clock.advance(10)
    expect(taken.readyState).toBe(1)
    stop()
    const late = connect('ws://a.example')
    await clock.advance(10)
    expect(late.readyState).toBe(3)
  })

  it('prefers the listener of the host', async () => {
    const { clock, network, connect, servers } = createWorld()
    const mine: MemorySocket[] = []
    network.listen((socket) => mine.push(socket), 'a.example')
    connect('ws://a.example/')
    connect('ws://b.example/')
    await clock.settle()
    expect([mine.length, servers.length]).toEqual([1, 1])
  })

  it('is refused for as long as the network refuses', async () => {
    const { clock, network, connect, seen } = createWorld()
    network.refuse(true)
    connect()
    await clock.settle()
    expect(seen()).toEqual(['0 client error', '0 client close 1006 unclean'])
    network.refuse(false)
    connect()
    await clock.settle()
    expect(seen()).toEqual(['0 client open'])
  })

  it('hangs while cut, and goes through when healed', async () => {
    const { clock, network, connect, seen, servers } = createWorld({ delayMs: 5 })
    network.cutAll()
    const client = connect()
    await clock.advance(3_600_000)
    expect(client.readyState).toBe(0)
    expect(servers).toEqual([])
    network.healAll()
    await clock.advance(10)
    expect(client.readyState).toBe(1)
    expect(seen()).toEqual(['3600010 client open'])
  })

  it.each(['close', 'terminate'] as const)(
    '%s while it hangs: error and 1006, and nothing is left',
    async (end) => {
      const { clock, network, connect, seen } = createWorld()
      network.cutAll()
      const client = connect()
      await clock.settle()
      client[end]()
      expect(seen()).toEqual([])
      await clock.settle()
      expect(seen()).toEqual(['0 client error', '0 client close 1006 unclean'])
      expect(network.links).toEqual([])
      network.healAll()
      await clock.settle()
      expect(seen()).toEqual([])
    },
  )

  it('given up under way: the server still sees it come, and then go', async () => {
    const { clock, network, connect, servers, seen } = createWorld({ delayMs: 10 })
    connect().close()
    await clock.advance(5)
    expect(network.links).toHaveLength(1)
    await clock.advance(25)
    expect(servers).toHaveLength(1)
    expect(seen()).toEqual(['0 client error', '0 client close 1006 unclean', '10 server close 1006 unclean'])
    expect(network.links).toEqual([])
  })

  it('given up under way and then cut: nothing is left', async () => {
    const { clock, network, connect, servers } = createWorld({ delayMs: 10 })
    connect().close()
    await clock.settle()
    network.cutAll()
    expect(network.links).toEqual([])
    network.healAll()
    await clock.advance(100)
    expect(servers).toEqual([])
  })

  it('is possible again after healAll', async () => {
    const { clock, network, connect } = createWorld()
    network.cutAll()
    network.healAll()
    const client = connect()
    await clock.settle()
    expect(client.readyState).toBe(1)
  })

  it('goes to the newest listener of a host, which the older one cannot stop', async () => {
    const { clock, network, connect, servers } = createWorld()
    const taken: MemorySocket[] = []
    const stopOlder = network.listen(() => undefined, 'a.example')
    network.listen((socket) => taken.push(socket), 'a.example')
    stopOlder()
    connect('ws://a.example')
    await clock.settle()
    expect([taken.length, servers.length]).toEqual([1, 0])
  })

  it('throws for a URL that is none, and for a frame sent before it is open', () => {
    const { connect } = createWorld()
    expect(() => connect('nonsense')).toThrow(TypeError)
    expect(() => connect().send('early')).toThrow(
      expect.objectContaining({ name: 'InvalidStateError' }) as Error,
    )
  })
})

describe('frames', () => {
  it('arrive after the delay, and not before', async () => {
    const { clock, client, server, seen } = await createPair({ delayMs: 10 })
    client.send('up')
    await clock.advance(4)
    server.send('down')
    await clock.advance(5)
    expect(seen()).toEqual([])
    await clock.advance(5)
    expect(seen()).toEqual(['10 server message up', '14 client message down'])
  })

  it('never arrive within the call that sends them', async () => {
    const { clock, client, seen } = await createPair()
    client.send('x')
    expect(seen()).toEqual([])
    await clock.settle()
    expect(seen()).toEqual(['0 server message x'])
  })

  it('keep their order whatever the delay, which varies and can be changed', async () => {
    const { clock, client, link, seen } = await createPair({ delayMs: [1, 100], random: createRandom(5) })
    for (let number = 0; number < 50; number++) {
      client.send(String(number))
      await clock.advance(10)
    }
    link.delayMs = 0
    client.send('50')
    await clock.advance(100)
    const lines = seen()
    expect(lines.map((line) => Number(line.split(' ')[3]))).toEqual(
      Array.from({ length: 51 }, (_, index) => index),
    )
    expect(new Set(lines.map((line) => Number(line.split(' ')[0]) % 10)).size).toBeGreaterThan(5)
    client.send('quick')
    await clock.settle()
    expect(seen()).toEqual(['600 server message quick'])
  })

  it('wait for a slower one ahead, and do not hurry it', async () => {
    const { clock, client, link, seen } = await createPair({ delayMs: 100 })
    client.send('slow')
    link.delayMs = 0
    client.send('quick')
    await clock.advance(99)
    expect(seen()).toEqual([])
    await clock.advance(1)
    expect(seen()).toEqual(['100 server message slow', '100 server message quick'])
  })

  it('take the same delays again with the same seed', async () => {
    const arrivals = async (seed: number): Promise<string[]> => {
      const { clock, client, seen } = await createPair({ delayMs: [1, 100], random: createRandom(seed) })
      for (let number = 0; number < 20; number++) {
        client.send(String(number))
        await clock.advance(100)
      }
      return seen()
    }
    expect(await arrivals(1)).toEqual(await arrivals(1))
    expect(await arrivals(1)).not.toEqual(await arrivals(2))
  })

  it('are seen by the tester at both ends, until it looks away', async () => {
    const { clock, network, client, server, link } = await createPair({ delayMs: 10 })
    const frames: unknown[] = []
    const stop = network.onFrame((of, direction, data, phase) =>
      frames.push([of === link, direction, data, phase]),
    )
    client.send('a')
    expect(frames).toEqual([[true, 'up', 'a', 'sent']])
    server.send('b')
    await clock.advance(10)
    expect(frames.slice(1)).toEqual([
      [true, 'down', 'b', 'sent'],
      [true, 'up', 'a', 'delivered'],
      [true, 'down', 'b', 'delivered'],
    ])
    stop()
    client.send('c')
    await clock.advance(10)
    expect(frames).toHaveLength(4)
  })

  it('may be binary, and are copied as they are sent', async () => {
    const { clock, client, server } = await createPair()
    const received: unknown[] = []
    server.addEventListener('message', ({ data }: { data: unknown }) => received.push(data))
    const bytes = new Uint8Array([1, 2])
    client.send(bytes)
    bytes[0] = 9
    await clock.settle()
    expect(received).toEqual([new Uint8Array([1, 2])])
  })

  it('lose their lone surrogates, as on a wire', async () => {
    const { clock, client, seen } = await createPair()
    client.send('\ud800 \u{1f600} \udc00')
    await clock.settle()
    expect(seen()).toEqual(['0 server message \ufffd \u{1f600} \ufffd'])
  })

  it('go nowhere once the socket closes', async () => {
    const { clock, client, seen } = await createPair()
    client.close()
    client.send('late')
    await clock.settle()
    client.send('later')
    await clock.settle()
    expect(seen().filter((line) => line.includes('message'))).toEqual([])
  })

  it('reach a listener once, and not after it was removed', async () => {
    const { clock, client, server } = await createPair()
    const received: string[] = []
    const listener = ({ data }: { data: string }) => received.push(data)
    server.addEventListener('message', listener)
    server.addEventListener('message', listener)
    client.send('a')
    await clock.settle()
    server.removeEventListener('message', listener)
    client.send('b')
    await clock.settle()
    expect(received).toEqual(['a'])
  })

  it('reach only the listeners that were there when they came', async () => {
    const { clock, client, server } = await createPair()
    const received: string[] = []
    server.addEventListener('message', () => {
      server.addEventListener('message', ({ data }: { data: string }) => received.push(data))
    })
    client.send('a')
    await clock.settle()
    expect(received).toEqual([])
    client.send('b')
    await clock.settle()
    expect(received).toEqual(['b'])
  })

  it('let the test fail where a listener throws', async () => {
    const { clock, client, server } = await createPair()
    server.addEventListener('message', () => {
      throw new Error('from a handler')
    })
    client.send('x')
    await expect(clock.settle()).rejects.toThrow('from a handler')
  })

  it('come after the late timers of a stalled process', async () => {
    const { clock, client, server } = await createPair()
    const order: string[] = []
    server.addEventListener('message', () => order.push('frame'))
    client.send('x')
    clock.setTimer(50, () => order.push('timer'))
    await clock.stall(100)
    expect(order).toEqual(['timer', 'frame'])
  })
})

describe('closing', () => {
  it.each(['client', 'server'] as const)(
    'by the %s: travels behind the frames, and is answered',
    async (side) => {
      const { clock, network, client, server, seen } = await createPair({ delayMs: 10 })
      const [self, other] = side === 'client' ? [client, server] : [server, client]
      const otherSide = side === 'client' ? 'server' : 'client'
      self.send('last')
      self.close(4001, 'banned ')
      expect([self.readyState, other.readyState]).toEqual([2, 1])
      await clock.advance(10)
      expect(seen()).toEqual([`10 ${otherSide} message last`, `10 ${otherSide} close 4001 banned clean`])
      expect(self.readyState).toBe(2)
      expect(network.links).toHaveLength(1)
      await clock.advance(10)
      expect(seen()).toEqual([`20 ${side} close 4001 banned clean`])
      expect([self.readyState, other.readyState]).toEqual([3, 3])
      expect(network.links).toEqual([])
    },
  )

  it('without a code is 1005 at both ends', async () => {
    const { clock, client, seen } = await createPair()
    client.close()
    await clock.settle()
    expect(seen()).toEqual(['0 server close 1005 clean', '0 client close 1005 clean'])
  })

  it('from both ends at once: each gets the code of the other, once', async () => {
    const { clock, network, client, server, seen } = await createPair({ delayMs: 10 })
    client.close(4001)
    server.close(4002)
    client.close(4003)
    await clock.advance(60_000)
    expect(seen()).toEqual(['10 server close 4001 clean', '10 client close 4002 clean'])
    expect(network.links).toEqual([])
  })

  it('leaves the server hearing and the client deaf, as ws and the DOM have it', async () => {
    const { clock, client, server, seen } = await createPair({ delayMs: 10 })
    client.send('to the server')
    server.send('to the client')
    client.close()
    server.close()
    await clock.advance(20)
    expect(seen().filter((line) => line.includes('message'))).toEqual(['10 server message to the server'])
  })

  it('that nobody answers is given up after 30 s', async () => {
    const { clock, network, client, link, seen } = await createPair()
    link.cut()
    client.close(1000)
    await clock.advance(29_999)
    expect(seen()).toEqual([])
    await clock.advance(1)
    expect(seen()).toEqual(['30000 client close 1006 unclean'])
    expect(network.links).toEqual([link])
    link.heal()
    await clock.settle()
    expect(seen()).toEqual(['30000 server close 1000 clean'])
    expect(network.links).toEqual([])
  })

  it('takes only the codes and reasons that this end may send', async () => {
    const { client, server } = await createPair()
    for (const code of [0, 999, 1001, 1005, 1006, 1011, 2999, 5000]) {
      expect(() => client.close(code), `client ${code}`).toThrow()
    }
    for (const code of [999, 1004, 1005, 1006, 1015, 2999, 5000]) {
      expect(() => server.close(code), `server ${code}`).toThrow()
    }
    expect(() => client.close(1000, 'é'.repeat(62))).toThrow()
    expect([client.readyState, server.readyState]).toEqual([1, 1])
    server.close(1013, 'OVERLOAD 5000')
    client.close(4999, 'e'.repeat(123))
    expect([client.readyState, server.readyState]).toEqual([2, 2])
  })

  it('terminate: 1006 at this instant on this side, after the delay on the other', async () => {
    const { clock, network, client, server, seen } = await createPair({ delayMs: 10 })
    client.send('on its way')
    client.terminate()
    client.terminate()
    expect(seen()).toEqual([])
    await clock.settle()
    expect(seen()).toEqual(['0 client close 1006 unclean'])
    expect(server.readyState).toBe(1)
    await clock.advance(10)
    expect(seen()).toEqual(['10 server message on its way', '10 server close 1006 unclean'])
    expect(network.links).toEqual([])
  })

  it('terminate ends a close that hangs', async () => {
    const { clock, client, link, seen } = await createPair()
    link.cut()
    client.close()
    client.terminate()
    await clock.advance(60_000)
    expect(seen()).toEqual(['0 client close 1006 unclean'])
  })
})

describe('faults', () => {
  it('cut: nothing passes, nobody learns of it, bytes pile up; heal brings all in order', async () => {
    const { clock, client, server, link, seen } = await createPair({ delayMs: 10 })
    client.send('under way')
    await clock.advance(5)
    expect(client.bufferedAmount).toBe(0)
    link.cut()
    client.send('héld')
    server.send('down')
    await clock.advance(3_600_000)
    expect(seen()).toEqual([])
    expect([client.readyState, server.readyState]).toEqual([1, 1])
    expect([client.bufferedAmount, server.bufferedAmount]).toEqual(['under wayhéld'.length + 1, 4])
    link.heal()
    client.send('after')
    expect(client.bufferedAmount).toBe(0)
    await clock.advance(10)
    expect(seen()).toEqual([
      '3600015 server message under way',
      '3600015 server message héld',
      '3600015 client message down',
      '3600015 server message after',
    ])
  })

  it('heal: what was under way sets out anew', async () => {
    const { clock, client, link, seen } = await createPair({ delayMs: 10 })
    client.send('x')
    await clock.advance(5)
    link.cut()
    link.heal()
    await clock.advance(9)
    expect(seen()).toEqual([])
    await clock.advance(1)
    expect(seen()).toEqual(['15 server message x'])
  })

  it.each([
    ['up', 'client message b'],
    ['down', 'server message a'],
  ] as const)('mute %s: one direction alone', async (direction, passes) => {
    const { clock, client, server, link, seen } = await createPair()
    link.mute(direction)
    client.send('a')
    server.send('b')
    await clock.advance(60_000)
    expect(seen()).toEqual([`0 ${passes}`])
    link.heal()
    await clock.settle()
    expect(seen()).toHaveLength(1)
  })

  it.each(['client', 'server'] as const)('stopReading: the other end of a %s fills up', async (side) => {
    const { clock, client, server, link, seen } = await createPair({ systemBufferBytes: 1_000 })
    const sender = side === 'client' ? server : client
    link.stopReading(side)
    sender.send('x'.repeat(1_000))
    await clock.advance(1_000)
    expect(sender.bufferedAmount).toBe(0)
    sender.send('é')
    expect(sender.bufferedAmount).toBe(2)
    expect(seen()).toEqual([])
    const reader = side === 'client' ? client : server
    reader.send('still speaks')
    await clock.settle()
    expect(seen()).toHaveLength(1)
  })

  it('terminate under a cut: the other end hears nothing before it heals', async () => {
    const { clock, network, client, server, link, seen } = await createPair()
    link.cut()
    client.terminate()
    await clock.advance(60_000)
    expect(seen()).toEqual(['0 client close 1006 unclean'])
    server.send('to nobody')
    expect(server.bufferedAmount).toBe(9)
    expect(network.links).toEqual([link])
    link.heal()
    await clock.settle()
    expect(seen()).toEqual(['60000 server close 1006 unclean'])
    expect(network.links).toEqual([])
  })

  it('reset: both ends get an error and 1006, what was under way is lost', async () => {
    const { clock, network, client, link, seen } = await createPair({ delayMs: 10 })
    client.send('lost')
    link.reset()
    client.send('lost as well')
    expect(seen()).toEqual([])
    await clock.advance(1_000)
    expect(seen()).toEqual([
      '0 server error',
      '0 server close 1006 unclean',
      '0 client error',
      '0 client close 1006 unclean',
    ])
    expect(network.links).toEqual([])
  })

  it('reset reaches the ends of a cut connection, of one that opens and of one that closes', async () => {
    const { clock, network, connect, seen } = createWorld({ delayMs: 10 })
    const cutOne = connect()
    const closing = connect()
    await clock.advance(20)
    network.linkOf(cutOne).cut()
    network.linkOf(closing).cut()
    closing.close()
    connect()
    seen()
    network.resetAll()
    await clock.advance(60_000)
    expect(seen().filter((line) => line.includes('client close'))).toEqual(
      Array(3).fill('20 client close 1006 unclean'),
    )
    expect(network.links).toEqual([])
  })

  it('cutAll and healAll reach every connection', async () => {
    const { clock, network, connect, servers, seen } = createWorld()
    const clients = [connect(), connect()]
    await clock.settle()
    seen()
    network.cutAll()
    for (const client of clients) client.send('x')
    await clock.advance(10)
    expect(seen()).toEqual([])
    network.healAll()
    await clock.settle()
    expect(seen()).toHaveLength(2)
    expect(servers).toHaveLength(2)
  })

  it('knows the connection of either end, and no stranger', async () => {
    const { network, client, server, link } = await createPair()
    expect(network.linkOf(server)).toBe(link)
    expect(link.client).toBe(client)
    expect(link.server).toBe(server)
    expect(() => network.linkOf({})).toThrow('not of this network')
  })

  it('leaves no timer behind', async () => {
    const { clock, client } = await createPair()
    client.close()
    await clock.advance(1)
    expect(clock.pending()).toBe(0)
  })
})
