/** A server on a fake clock and a network in memory, and peers that speak the protocol by hand. */
import type { ServerMessage, WirePresence } from '../../src/core/messages.ts'
import type { Presence } from '../../src/core/model.ts'
import { SUBPROTOCOL } from '../../src/core/socket.ts'
import {
  type ContactBook,
  createPresenceServer,
  type PresenceServer,
  type PresenceServerOptions,
} from '../../src/server/index.ts'
import {
  createFakeClock,
  createMemoryNetwork,
  type FakeClock,
  type MemoryLink,
  type MemoryNetwork,
  type MemorySocket,
} from '../../src/testing/index.ts'
import { type ContactsShape, createGate, type Gate, gatedContacts, gatedStorage } from './gate.ts'

export interface ServerWorldOptions extends Partial<PresenceServerOptions> {
  /** The clock of the world, where several servers share one. The server's own may differ: `clock`. */
  readonly worldClock?: FakeClock
  readonly book?: ContactBook
  readonly shape?: ContactsShape
}

/** How a peer comes. */
export interface PeerOptions {
  readonly token?: string
  readonly previous?: string
  readonly device?: string
  /** The session's first report. @defaultValue 'online' */
  readonly status?: 'online' | 'away'
  /** Watch the whole contact list, or these. @defaultValue 'roster' */
  readonly watch?: 'roster' | readonly string[]
}

export interface ServerWorld {
  readonly clock: FakeClock
  readonly network: MemoryNetwork
  readonly server: PresenceServer
  readonly storage: Gate
  readonly contacts: Gate
  /** Errors that the server has told of, as `stage: message`. */
  readonly errors: string[]
  /** Transitions that the server has told of, as `event user status`. */
  readonly events: string[]
  /** A socket and nothing said. */
  connect(): Promise<Peer>
  /** Hello, announcement, watching: all in one go. */
  open(user: string, options?: PeerOptions): Promise<Peer>
}

/** One connection, seen from its client. */
export interface Peer {
  readonly socket: MemorySocket
  readonly link: MemoryLink
  /** All that came, heartbeats left out. */
  readonly frames: ServerMessage[]
  /** The same as text. */
  readonly texts: string[]
  /** How many heartbeats came. */
  beats: number
  /** Whether it answers heartbeats; it does at first. */
  answers: boolean
  closed: { readonly code: number; readonly reason: string } | null
  readonly session: string
  send(message: object | string | Uint8Array): void
  /** Sends, and lets everything happen that takes no time. */
  say(message: object | string | Uint8Array): Promise<void>
  /** All that it was told of a user, snapshots and changes, in order. */
  toldOf(user: string): WirePresence[]
  /** The statuses of that. */
  statusesOf(user: string): string[]
  of<Type extends ServerMessage['type']>(type: Type): Extract<ServerMessage, { type: Type }>[]
  /** The codes of the error frames. */
  errorCodes(): string[]
  /** Forgets what came so far. */
  clear(): void
}

export const FRIENDS: ContactBook = {
  alice: ['bob', 'carol'],
  bob: ['alice'],
  carol: ['alice'],
  zoe: [],
}

export const T = 60_000
export const GRACE = 8_000

export function createServerWorld(options: ServerWorldOptions = {}): ServerWorld {
  const { book = FRIENDS, shape, worldClock, ...rest } = options
  const clock = worldClock ?? createFakeClock()
  const network = createMemoryNetwork({ clock })
  const storage = createGate()
  const contacts = createGate()
  const errors: string[] = []
  const events: string[] = []
  const server = createPresenceServer({
    authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
    contacts: gatedContacts(book, contacts, shape),
    storage: gatedStorage(clock, storage),
    clock,
    ...rest,
  })
  server.on('error', (error, { stage }) => void errors.push(`${stage}: ${String(error)}`))
  const noteAs = (event: string) => (presence: Presence) => {
    events.push(`${event} ${presence.userId} ${presence.status}`)
  }
  server.on('online', noteAs('online'))
  server.on('offline', noteAs('offline'))
  server.on('change', noteAs('change'))
  network.listen((socket, request) => {
    server.handleConnection(socket, request)
  })

  const connect = async (): Promise<Peer> => {
    const peer = createPeer(network, clock)
    await clock.settle()
    return peer
  }
  return {
    clock,
    network,
    server,
    storage,
    contacts,
    errors,
    events,
    connect,
    async open(user, { token = user, previous, device, status = 'online', watch = 'roster' } = {}) {
      const peer = await connect()
      peer.send({ type: 'hello', version: 1, token, previous, device })
      peer.send({ type: 'PRESENCE_UPDATE', status })
      if (watch === 'roster') peer.send({ type: 'roster', watch: true, ref: 1 })
      else if (watch.length > 0) peer.send({ type: 'subscribe', users: watch, ref: 1 })
      await clock.settle()
      return peer
    },
  }
}

function createPeer(network: MemoryNetwork, clock: FakeClock): Peer {
  const socket = new network.WebSocket('ws://example.com/presence', SUBPROTOCOL)
  const frames: ServerMessage[] = []
  const texts: string[] = []
  const of: Peer['of'] = (type) => frames.filter((frame) => frame.type === type) as never
  const peer: Peer = {
    socket,
    link: network.linkOf(socket),
    frames,
    texts,
    beats: 0,
    answers: true,
    closed: null,
    get session() {
      const [welcome] = of('welcome')
      if (!welcome) throw new Error(`There was no welcome: ${texts.join(' ')}`)
      return welcome.session
    },
    send(message) {
      socket.send(
        typeof message === 'string' || message instanceof Uint8Array ? message : JSON.stringify(message),
      )
    },
    async say(message) {
      peer.send(message)
      await clock.settle()
    },
    toldOf: (user) =>
      frames.flatMap((frame) =>
        frame.type === 'snapshot' || (frame.type === 'PRESENCE_UPDATE' && 'users' in frame)
          ? frame.users.filter((record) => record.user === user)
          : [],
      ),
    statusesOf: (user) => peer.toldOf(user).map(({ status }) => status),
    of,
    errorCodes: () => of('error').map(({ code }) => code),
    clear() {
      frames.length = 0
      texts.length = 0
    },
  }
  socket.addEventListener('message', ({ data }: { data: string }) => {
    const frame = JSON.parse(data) as ServerMessage
    if (frame.type !== 'heartbeat') {
      frames.push(frame)
      texts.push(data)
      return
    }
    peer.beats++
    if (peer.answers) socket.send('{"type":"heartbeat"}')
  })
  socket.addEventListener('close', ({ code, reason }: { code: number; reason: string }) => {
    peer.closed = { code, reason }
  })
  return peer
}

export const GOODBYE = { type: 'PRESENCE_UPDATE', status: 'offline' }

/** A choice of the user, to be said by one of their peers. */
export function choice(status: string, more: object = {}): object {
  return { type: 'PRESENCE_UPDATE', status, chosen: true, ...more }
}
