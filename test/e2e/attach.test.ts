/** S16: the three ways to attach, each beside an application that uses the same server for its own messages. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import {
  createPresenceServer,
  type PresenceServer,
  staticContacts,
  type UpgradeRequest,
} from '../../src/server/index.ts'
import { openRawClient, tells } from '../support/raw-client.ts'
import { HANDSHAKE } from '../support/raw-tcp.ts'

/** All that an application could see of us, and what it says itself. */
interface Application {
  readonly connections: string[]
  readonly messages: (string | Buffer)[]
}

const BINARY = Buffer.from([0, 1, 2, 253, 254, 255])
const ODD_TEXTS = [
  '',
  '{',
  '{"p',
  '{"presencekit"',
  '{"presencekit" :1}',
  ' {"presencekit":1}',
  'presencekit',
  '漢字',
]

let presence: PresenceServer
let http: Server
let url: string
const sockets: WebSocket[] = []

beforeEach(async () => {
  presence = createPresenceServer({
    authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
    contacts: staticContacts({ alice: ['bob'], bob: ['alice'] }),
  })
  http = createServer((_, response) => response.end('page'))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  url = `ws://127.0.0.1:${String((http.address() as AddressInfo).port)}`
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await presence.close()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
})

/** An application that echoes what it gets and writes down all it sees. */
function echoingApplication(server: WebSocketServer): Application {
  const application: Application = { connections: [], messages: [] }
  server.on('connection', (socket, request) => {
    application.connections.push(request.url ?? '')
    socket.on('message', (data: Buffer, isBinary) => {
      application.messages.push(isBinary ? data : data.toString())
      socket.send(data, { binary: isBinary })
    })
  })
  return application
}

async function openApplicationSocket(path = '/', protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(`${url}${path}`, protocols)
  sockets.push(socket)
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  return socket
}

/** Sends, and gives what comes back. */
function echo(socket: WebSocket, message: string | Buffer): Promise<string | Buffer> {
  return new Promise((resolve) => {
    socket.once('message', (data: Buffer, isBinary) => {
      resolve(isBinary ? data : data.toString())
    })
    socket.send(message)
  })
}

async function twoFriendsMeet(path = '/'): Promise<void> {
  const alice = await openRawClient(`${url}${path}`, 'alice')
  const bob = await openRawClient(`${url}${path}`, 'bob')
  sockets.push(alice.socket, bob.socket)
  await alice.next(tells('bob', 'online'))
  bob.send({ type: 'PRESENCE_UPDATE', status: 'offline' })
  await alice.next(tells('bob', 'offline'))
  expect(await bob.closed).toBe(1000)
}

describe("the application's own WebSocketServer, by sub-protocol", () => {
  test.each([['listening by itself'], ['handed its upgrades by the application']])(
    'S16: %s, it never sees our connections, and its own traffic passes byte for byte',
    async (how) => {
      const byItself = how === 'listening by itself'
      const server = new WebSocketServer(byItself ? { server: http } : { noServer: true })
      const application = echoingApplication(server)
      const options = { ...server.options }
      presence.attach(server)
      if (!byItself) {
        http.on('upgrade', (request, socket, head) => {
          server.handleUpgrade(request, socket, head, (ws) => server.emit('connection', ws, request))
        })
      }
      const own = await openApplicationSocket('/chat', ['chat.v2'])
      await twoFriendsMeet()
      for (const text of ODD_TEXTS) expect(await echo(own, text)).toBe(text)
      expect(await echo(own, BINARY)).toEqual(BINARY)
      expect(application.connections).toEqual(['/chat'])
      expect(application.messages).toEqual([...ODD_TEXTS, BINARY])
      expect(server.clients.size).toBe(1)
      expect(server.options).toEqual(options)
    },
  )

  test('S16: a path of the server holds for us too, and detaching gives everything back', async () => {
    const server = new WebSocketServer({ server: http, path: '/live' })
    const before: unknown = Reflect.get(server, 'handleUpgrade')
    const application = echoingApplication(server)
    const attachment = presence.attach(server)
    await twoFriendsMeet('/live')
    await expect(openRawClient(`${url}/elsewhere`, 'alice')).rejects.toThrow('400')
    attachment.detach()
    expect(Reflect.get(server, 'handleUpgrade')).toBe(before)
    // From now on the sub-protocol means nothing here: the application gets the socket.
    const plain = await openApplicationSocket('/live', ['presencekit.v1'])
    expect(await echo(plain, 'hello')).toBe('hello')
    expect(application.connections).toEqual(['/live'])
  })
})

describe("a path of the application's HTTP server", () => {
  test('many who come at once are all let in, and who has gone meanwhile troubles nobody', async () => {
    presence.attach(http, { path: '/' })
    const { port } = http.address() as AddressInfo
    const all = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = connect(port, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        return socket
      }),
    )
    const answers = all.filter((_, index) => index % 3 !== 0).map((socket) => once(socket, 'data'))
    for (const socket of all) socket.write(HANDSHAKE)
    for (const [index, socket] of all.entries()) if (index % 3 === 0) socket.resetAndDestroy()
    for (const [answer] of await Promise.all(answers)) expect(String(answer)).toMatch(/^HTTP\/1.1 101 /)
    await twoFriendsMeet()
    for (const socket of all) socket.destroy()
  })

  test('S16: foreign upgrades, even to the same path, and pages stay the application’s', async () => {
    presence.attach(http, { path: '/presence' })
    const server = new WebSocketServer({ noServer: true })
    const application = echoingApplication(server)
    http.on('upgrade', (request, socket, head) => {
      const isOurs =
        request.url === '/presence' && request.headers['sec-websocket-protocol'] === 'presencekit.v1'
      if (!isOurs) server.handleUpgrade(request, socket, head, (ws) => server.emit('connection', ws, request))
    })
    await twoFriendsMeet('/presence')
    const own = await openApplicationSocket('/chat')
    const samePath = await openApplicationSocket('/presence')
    const sameProtocol = await openApplicationSocket('/chat', ['presencekit.v1'])
    for (const socket of [own, samePath, sameProtocol]) expect(await echo(socket, 'x')).toBe('x')
    expect(application.connections).toEqual(['/chat', '/presence', '/chat'])
    expect(await (await fetch(url.replace('ws:', 'http:'))).text()).toBe('page')
  })

  test('handleUpgrade says at once whether an upgrade is ours, and leaves it untouched if not', async () => {
    const verdicts: boolean[] = []
    const server = new WebSocketServer({ noServer: true })
    const application = echoingApplication(server)
    http.on('upgrade', (request, socket, head) => {
      const ours = presence.handleUpgrade(request, socket, head)
      verdicts.push(ours)
      if (!ours) server.handleUpgrade(request, socket, head, (ws) => server.emit('connection', ws, request))
    })
    const own = await openApplicationSocket('/')
    expect(await echo(own, 'still there')).toBe('still there')
    await twoFriendsMeet()
    expect(verdicts).toEqual([false, true, true])
    expect(application.connections).toEqual(['/'])
  })
})

describe("the application's own sockets, in an envelope", () => {
  const wrapped = (frame: object): string => `{"presencekit":${JSON.stringify(frame)}}`
  const userOf = (_: unknown, request: UpgradeRequest): string => request.url?.slice(1) ?? ''

  /** Says hello in the envelope and gives what comes back in it. */
  function speak(socket: WebSocket): {
    frames: { type: string; code?: number }[]
    until: (type: string) => Promise<void>
  } {
    const frames: { type: string; code?: number }[] = []
    const waiting = new Set<() => void>()
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      if (text.startsWith('{"presencekit":')) {
        frames.push((JSON.parse(text) as { presencekit: { type: string } }).presencekit)
        for (const check of waiting) check()
      }
    })
    socket.send(wrapped({ type: 'hello', version: 1 }))
    socket.send(wrapped({ type: 'PRESENCE_UPDATE', status: 'online' }))
    socket.send(wrapped({ type: 'roster', watch: true, ref: 1 }))
    const until = (type: string): Promise<void> =>
      new Promise((resolve) => {
        const check = (): void => {
          if (!frames.some((frame) => frame.type === type)) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      })
    return { frames, until }
  }

  test('S16: none of our frames reaches its handlers, every other frame passes byte for byte', async () => {
    const server = new WebSocketServer({ server: http })
    presence.attach(server, { mode: 'shared', userOf })
    const application = echoingApplication(server)
    const alice = await openApplicationSocket('/alice')
    const talk = speak(alice)
    await talk.until('snapshot')
    const bob = await openApplicationSocket('/bob')
    await speak(bob).until('snapshot')
    await talk.until('PRESENCE_UPDATE')
    for (const text of ODD_TEXTS) expect(await echo(bob, text)).toBe(text)
    expect(await echo(bob, BINARY)).toEqual(BINARY)
    expect(application.messages).toEqual([...ODD_TEXTS, BINARY])
    expect(server.clients.size).toBe(2)
  })

  test('a session that ends leaves the socket open: a frame tells, and a new hello starts again', async () => {
    const server = new WebSocketServer({ server: http })
    presence.attach(server, { mode: 'shared', userOf })
    echoingApplication(server)
    const alice = await openApplicationSocket('/alice')
    const first = speak(alice)
    await first.until('snapshot')
    await presence.disconnectUser('alice')
    await first.until('close')
    expect(first.frames.at(-1)).toMatchObject({ type: 'close', code: 4004 })
    expect(await echo(alice, 'mine')).toBe('mine')
    const second = speak(alice)
    await second.until('snapshot')
    expect(presence.health().connections).toBe(1)
  })

  test('detaching gives the sockets back as they were', async () => {
    const server = new WebSocketServer({ server: http })
    const attachment = presence.attach(server, { mode: 'shared', userOf })
    const application = echoingApplication(server)
    const alice = await openApplicationSocket('/alice')
    await speak(alice).until('snapshot')
    attachment.detach()
    expect(await echo(alice, wrapped({ type: 'heartbeat' }))).toBe(wrapped({ type: 'heartbeat' }))
    expect(application.messages).toEqual([wrapped({ type: 'heartbeat' })])
  })
})
