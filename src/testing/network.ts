/**
 * A network in memory: sockets with the members of the DOM's, delays drawn from a seed, and the faults of real
 * networks on demand. All of its time is the fake clock's, so a run is the same each time.
 */
import type { FakeClock } from './clock.ts'
import {
  type ConnectionListener,
  type Delay,
  type FrameListener,
  Link,
  type MemoryLink,
} from './memory-link.ts'
import { type MemorySocket, SocketEnd } from './memory-socket.ts'
import { createRandom, type Random } from './random.ts'

/** How {@link createMemoryNetwork} behaves. */
export interface MemoryNetworkOptions {
  /** Whose time passes. */
  readonly clock: FakeClock
  /** Draws the delays. @defaultValue seeded from the clock's chance */
  readonly random?: Random
  /** Of new connections, each way. @defaultValue 0: at the same instant, but after the code that runs */
  readonly delayMs?: Delay
  /** Bytes that the machines take in before `bufferedAmount` grows; about 4 MB on real ones. @defaultValue 0 */
  readonly systemBufferBytes?: number
}

/** Makes the client's end of a connection, as the DOM's `WebSocket` does. */
export interface MemorySocketConstructor {
  /** Begins to connect at once. */
  new (url: string, protocols?: string | readonly string[]): MemorySocket
}

/** A network in memory. Within a living connection nothing is lost and nothing overtakes, as with TCP. */
export interface MemoryNetwork {
  /** A constructor for clients, in place of the DOM's. */
  readonly WebSocket: MemorySocketConstructor
  /** The connections that are not closed at both ends. */
  readonly links: readonly MemoryLink[]
  /** For the connections that are made from now on. */
  delayMs: Delay
  /**
   * Takes connections, to one host name or to all that nobody else listens on. One listener a host: a second
   * one replaces the first. Returns what stops it.
   */
  listen(listener: ConnectionListener, host?: string): () => void
  /** The connection that a socket is an end of. Throws for a stranger. */
  linkOf(socket: object): MemoryLink
  /** While refused, every connect ends in an error and close 1006. */
  refuse(refused: boolean): void
  /** Cuts every connection, and those that are made from now on: they hang. */
  cutAll(): void
  /** Heals every connection, and ends `cutAll` for new ones. */
  healAll(): void
  /** Resets every connection. */
  resetAll(): void
  /** Watches all frames. Returns what stops it. */
  onFrame(listener: FrameListener): () => void
}

/** Of the range that no service is registered in. */
const FIRST_PORT = 49_152

/** Makes a network with nobody on it. */
export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  const { clock, systemBufferBytes = 0 } = options
  const random = options.random ?? createRandom(clock.random())
  const links = new Set<Link>()
  const linkBySocket = new WeakMap<object, Link>()
  const listeners = new Map<string | undefined, ConnectionListener>()
  const frameListeners = new Set<FrameListener>()
  let linksMade = 0
  let refused = false
  let isCut = false

  const findListener = (host: string): ConnectionListener | null =>
    refused ? null : (listeners.get(host) ?? listeners.get(undefined) ?? null)

  const connect = (client: SocketEnd, protocols: readonly string[]): void => {
    const { hostname, pathname, search } = new URL(client.url)
    const id = ++linksMade
    const link: Link = new Link({
      id,
      clock,
      random,
      delayMs: network.delayMs,
      client,
      request: { url: pathname + search, headers: {}, protocols, remote: `192.0.2.1:${FIRST_PORT + id}` },
      systemBufferBytes,
      findListener: () => findListener(hostname),
      onAccept: (_, server) => void linkBySocket.set(server, link),
      onFrame: (...seen) => {
        for (const listener of [...frameListeners]) listener(...seen)
      },
      onEnd: () => void links.delete(link),
    })
    links.add(link)
    linkBySocket.set(client, link)
    if (isCut) link.cut()
    link.connect()
  }

  const network: MemoryNetwork = {
    WebSocket: class extends SocketEnd {
      constructor(url: string, protocols: string | readonly string[] = []) {
        super('client', new URL(url).href, clock)
        connect(this, typeof protocols === 'string' ? [protocols] : [...protocols])
      }
    },
    get links() {
      return [...links]
    },
    delayMs: options.delayMs ?? 0,
    listen(listener, host) {
      listeners.set(host, listener)
      return () => {
        if (listeners.get(host) === listener) listeners.delete(host)
      }
    },
    linkOf(socket) {
      const link = linkBySocket.get(socket)
      if (!link) throw new Error('This socket is not of this network')
      return link
    },
    refuse(value) {
      refused = value
    },
    cutAll() {
      isCut = true
      for (const link of links) link.cut()
    },
    healAll() {
      isCut = false
      for (const link of links) link.heal()
    },
    resetAll() {
      for (const link of links) link.reset()
    },
    onFrame(listener) {
      frameListeners.add(listener)
      return () => void frameListeners.delete(listener)
    },
  }
  return network
}
