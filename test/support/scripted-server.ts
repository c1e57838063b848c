/** A server that says what a test tells it to. Its manners are those of docs/protocol.md, its presence the test's. */
import type { ClientMessage, ServerMessage, WirePresence } from '../../src/core/messages.ts'
import type { MemoryNetwork, MemoryRequest, MemorySocket } from '../../src/testing/index.ts'

export interface ScriptedConnection {
  readonly socket: MemorySocket
  readonly request: MemoryRequest
  /** All messages from the client, in order. */
  readonly messages: ClientMessage[]
  readonly send: (message: ServerMessage) => void
  /** Those of one type. */
  readonly of: <Type extends ClientMessage['type']>(type: Type) => Extract<ClientMessage, { type: Type }>[]
}

export interface ScriptedServer {
  readonly connections: ScriptedConnection[]
  /** The newest connection. */
  readonly connection: ScriptedConnection
  /** What the server knows of users; all others are `unknown`. */
  readonly presences: Map<string, Omit<WirePresence, 'user'>>
  roster: readonly string[]
  /** Answers in place of the manners; `true`: that was all. */
  script: (connection: ScriptedConnection, message: ClientMessage) => boolean
  /** Tells the newest connection of a change. */
  readonly change: (user: string, presence: Omit<WirePresence, 'user'>) => void
  readonly stop: () => void
}

export const SERVER_TIME = Date.UTC(2030, 0, 1)

export function createScriptedServer(network: MemoryNetwork, host?: string): ScriptedServer {
  const connections: ScriptedConnection[] = []
  const server: ScriptedServer = {
    connections,
    get connection() {
      const newest = connections.at(-1)
      if (!newest) throw new Error('Nobody has connected')
      return newest
    },
    presences: new Map(),
    roster: [],
    script: () => false,
    change(user, presence) {
      server.presences.set(user, presence)
      server.connection.send({ type: 'PRESENCE_UPDATE', users: [{ user, ...presence }] })
    },
    stop: network.listen((socket, request) => {
      const connection = accept(socket, request)
      connections.push(connection)
      socket.addEventListener('message', ({ data }: { data: string }) => {
        const message = JSON.parse(data) as ClientMessage
        connection.messages.push(message)
        if (!server.script(connection, message)) answer(server, connection, message)
      })
    }, host),
  }
  return server
}

function accept(socket: MemorySocket, request: MemoryRequest): ScriptedConnection {
  const messages: ClientMessage[] = []
  return {
    socket,
    request,
    messages,
    send: (message) => socket.send(JSON.stringify(message)),
    of: (type) => messages.filter((message) => message.type === type) as never,
  }
}

function answer(server: ScriptedServer, connection: ScriptedConnection, message: ClientMessage): void {
  const look = (user: string): WirePresence => ({
    user,
    ...(server.presences.get(user) ?? { status: 'unknown' }),
  })
  switch (message.type) {
    case 'hello':
      return connection.send(welcome(`session-${server.connections.indexOf(connection) + 1}`))
    case 'PRESENCE_UPDATE':
      if (message.status === 'offline') return connection.socket.close(1000)
      return connection.send({
        type: 'self',
        status:
          message.status === 'auto' ? 'online' : message.status === 'invisible' ? 'offline' : message.status,
        chosen: message.chosen === true ? message.status : 'auto',
        ...(typeof message.text === 'string' && { text: message.text }),
        ...(message.ref !== undefined && { ref: message.ref }),
      })
    case 'subscribe':
    case 'fetch':
      return connection.send({ type: 'snapshot', ref: message.ref, users: message.users.map(look) })
    case 'roster':
      if (message.watch && message.ref !== undefined) {
        connection.send({ type: 'snapshot', ref: message.ref, users: server.roster.map(look) })
      }
      return
    case 'unsubscribe':
    case 'token':
    case 'heartbeat':
  }
}

export function welcome(session: string): ServerMessage {
  return {
    type: 'welcome',
    version: 1,
    session,
    user: 'alice',
    now: SERVER_TIME,
    heartbeatMs: 20_000,
    timeoutMs: 30_000,
  }
}
