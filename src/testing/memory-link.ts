/** A connection of two sockets, and the faults that a test can give it. */
import type { FakeClock } from './clock.ts'
import { type Blockage, createPipe, type FrameData, type Packet, type Pipe } from './memory-pipe.ts'
import { type MemorySocket, READY_STATE, SocketEnd, type Side } from './memory-socket.ts'
import type { Random } from './random.ts'

/** `up`: from the client to the server. */
export type Direction = 'up' | 'down'

/** A delay in milliseconds, or the range that each frame's delay is drawn from. */
export type Delay = number | readonly [minMs: number, maxMs: number]

/** What a server learns of a connection before it speaks. */
export interface MemoryRequest {
  /** Path and query, as `url` of a Node request. */
  readonly url: string
  /** Empty, unless a test fills them. */
  readonly headers: Readonly<Record<string, string>>
  /** The sub-protocols that the client offers. */
  readonly protocols: readonly string[]
  /** Address and port of the client, another for each connection. */
  readonly remote: string
}

/** Takes the server's end of a new connection, already open. */
export type ConnectionListener = (socket: MemorySocket, request: MemoryRequest) => void

/**
 * Sees every frame twice: as it is given to `send`, and as it reaches the other end, just before its listeners.
 * What is lost on the way is seen once.
 */
export type FrameListener = (
  link: MemoryLink,
  direction: Direction,
  data: FrameData,
  phase: 'sent' | 'delivered',
) => void

/** One connection of a {@link MemoryNetwork}. */
export interface MemoryLink {
  /** Counts up within the network. */
  readonly id: number
  /** The end that connected. */
  readonly client: MemorySocket
  /** `null` until the server has taken the connection. */
  readonly server: MemorySocket | null
  /** What the server was asked with. */
  readonly request: MemoryRequest
  /** For the frames that are sent from now on. */
  delayMs: Delay
  /** Cable cut: nothing passes either way, no end learns of it, bytes pile up in `bufferedAmount`. */
  cut(): void
  /** As `cut`, one direction alone: a half-open connection. */
  mute(direction: Direction): void
  /** This end reads no more: what the other sends piles up in the other's `bufferedAmount`. */
  stopReading(side: Side): void
  /** Ends `cut`, `mute` and `stopReading`: what was held sets out now, in order. */
  heal(): void
  /** Both ends get an error and close 1006 at this instant, after the code that runs; what was under way is lost. */
  reset(): void
}

/** What the network gives a link. */
export interface LinkOptions {
  readonly id: number
  readonly clock: Pick<FakeClock, 'now' | 'setArrival'>
  readonly random: Random
  readonly delayMs: Delay
  readonly client: SocketEnd
  readonly request: MemoryRequest
  /** Bytes that the machines take in before `bufferedAmount` grows. */
  readonly systemBufferBytes: number
  /** Who takes the connection, asked at its arrival; `null`: refused. */
  readonly findListener: () => ConnectionListener | null
  readonly onFrame: FrameListener
  /** The server has an end as well now. */
  readonly onAccept: (link: MemoryLink, server: MemorySocket) => void
  /** Both ends are closed. */
  readonly onEnd: (link: MemoryLink) => void
}

/** The link as the network sees it. */
export class Link implements MemoryLink {
  readonly id: number
  readonly client: SocketEnd
  readonly request: MemoryRequest
  server: SocketEnd | null = null
  delayMs: Delay
  readonly #options: LinkOptions
  readonly #pipes: Readonly<Record<Direction, Pipe>>
  #refused = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.id = options.id
    this.client = options.client
    this.request = options.request
    this.delayMs = options.delayMs
    this.#pipes = {
      up: createPipe(
        options.clock,
        () => this.#drawDelay(),
        (packet) => this.#arrivedAtServer(packet),
      ),
      down: createPipe(
        options.clock,
        () => this.#drawDelay(),
        (packet) => this.#arrivedAtClient(packet),
      ),
    }
    this.#wire(this.client, 'up')
  }

  /** The client knocks. */
  connect(): void {
    this.#pipes.up.send({ type: 'connect' })
  }

  cut(): void {
    this.#block('up', 'cut')
    this.#block('down', 'cut')
  }

  mute(direction: Direction): void {
    this.#block(direction, 'mute')
  }

  stopReading(side: Side): void {
    this.#block(side === 'server' ? 'up' : 'down', 'unread')
  }

  heal(): void {
    this.#pipes.up.unblock()
    this.#pipes.down.unblock()
  }

  reset(): void {
    this.#pipes.up.destroy()
    this.#pipes.down.destroy()
    this.#options.clock.setArrival(0, () => {
      this.server?.lost(true)
      this.client.lost(true)
      this.#end()
    })
  }

  #block(direction: Direction, reason: Blockage): void {
    this.#pipes[direction].block(reason)
    this.#endWhenDone()
  }

  #wire(socket: SocketEnd, direction: Direction): void {
    const pipe = this.#pipes[direction]
    const { systemBufferBytes } = this.#options
    socket.attach({
      get heldBytes() {
        return Math.max(0, pipe.heldBytes - systemBufferBytes)
      },
      send: (packet) => {
        pipe.send(packet)
        if (packet.type === 'frame') this.#options.onFrame(this, direction, packet.data, 'sent')
      },
      closed: () => this.#endWhenDone(),
    })
  }

  #arrivedAtServer(packet: Packet): void {
    if (packet.type === 'connect') this.#accept()
    else if (this.server) this.#hand(this.server, 'up', packet)
  }

  #arrivedAtClient(packet: Packet): void {
    if (packet.type === 'accept') this.client.opened(this.#protocol())
    else if (packet.type === 'refuse') this.client.lost(true)
    else this.#hand(this.client, 'down', packet)
  }

  #accept(): void {
    const listener = this.#options.findListener()
    this.#refused = listener === null
    this.#pipes.down.send({ type: listener ? 'accept' : 'refuse' })
    if (!listener) {
      this.#endWhenDone()
      return
    }
    this.server = new SocketEnd('server', this.client.url, this.#options.clock)
    this.#wire(this.server, 'down')
    this.#options.onAccept(this, this.server)
    this.server.opened(this.#protocol())
    listener(this.server, this.request)
  }

  #hand(socket: SocketEnd, direction: Direction, packet: Packet): void {
    if (packet.type === 'gone') socket.lost(false)
    if (packet.type === 'close') socket.closedByPeer(packet.code, packet.reason)
    if (packet.type !== 'frame' || socket.readyState === READY_STATE.CLOSED) return
    this.#options.onFrame(this, direction, packet.data, 'delivered')
    socket.received(packet.data)
  }

  #protocol(): string {
    return this.request.protocols[0] ?? ''
  }

  #drawDelay(): number {
    const { delayMs } = this
    return typeof delayMs === 'number'
      ? delayMs
      : this.#options.random.integer(...(delayMs as [number, number]))
  }

  /** Both ends have to be closed; or the client alone, where it never reached a server. */
  #endWhenDone(): void {
    const unheard = this.server === null && (this.#refused || this.#pipes.up.blocked)
    const serverIsDone = unheard || this.server?.readyState === READY_STATE.CLOSED
    if (serverIsDone && this.client.readyState === READY_STATE.CLOSED) this.#end()
  }

  #end(): void {
    this.#pipes.up.destroy()
    this.#pipes.down.destroy()
    this.#options.onEnd(this)
  }
}
