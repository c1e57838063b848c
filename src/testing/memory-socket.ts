/**
 * One end of a connection, with the members of a DOM WebSocket and the manners of a real one: `send` throws before
 * it is open and does nothing after, `close` waits for the other end, and no event fires inside a call.
 *
 * state      | open     | message              | close frame          | gone, reset  | close()       | terminate()
 * -----------|----------|----------------------|----------------------|--------------|---------------|------------
 * connecting | → open   | –                    | –                    | → closed     | fails         | fails
 * open       | –        | event                | answers, → closed    | → closed     | → closing     | → closing
 * closing    | –        | event, on the server | → closed             | → closed     | –             | → closed
 * closed     | –        | –                    | –                    | –            | –             | –
 */
import type { WebSocketLike } from '../core/socket.ts'
import type { FakeClock } from './clock.ts'
import type { FrameData, Packet } from './memory-pipe.ts'

/** Which end of a connection. */
export type Side = 'client' | 'server'

/** What a {@link MemorySocket} tells: the DOM's events, as far as they say something. */
export type MemorySocketEvent = MemoryOpenEvent | MemoryMessageEvent | MemoryCloseEvent

/** Whose event it is. */
export interface Targeted {
  /** The socket that it happened to. */
  readonly target: MemorySocket
}

/** A socket has opened, or failed to. */
export interface MemoryOpenEvent extends Targeted {
  /** As the DOM's. */
  readonly type: 'open' | 'error'
}

/** A frame has come. */
export interface MemoryMessageEvent extends Targeted {
  /** As the DOM's. */
  readonly type: 'message'
  /** Text, or bytes. */
  readonly data: FrameData
}

/** A socket has closed. */
export interface MemoryCloseEvent extends Targeted {
  /** As the DOM's. */
  readonly type: 'close'
  /** 1006: without a closing handshake. */
  readonly code: number
  /** What the other end gave, or empty. */
  readonly reason: string
  /** Whether there was a closing handshake. */
  readonly wasClean: boolean
}

/** One end of a connection in a {@link MemoryNetwork}. */
export interface MemorySocket extends WebSocketLike {
  /** Where it connects to. */
  readonly url: string
  /** The sub-protocol that was selected: the first that was offered, or empty. */
  readonly protocol: string
  /** A lone surrogate arrives as U+FFFD, as on a wire. Throws while connecting. */
  send(data: FrameData): void
  /** Throws for a code that this end may not send, and for a reason of more than 123 bytes. */
  close(code?: number, reason?: string): void
  /** Cuts without a closing handshake; the close event follows at this instant, after the code that runs. */
  terminate(): void
  /** Listens. */
  addEventListener(type: MemorySocketEvent['type'], listener: (event: never) => void): void
  removeEventListener(type: MemorySocketEvent['type'], listener: (event: never) => void): void
}

/** What a socket has beneath it. */
export interface Wire {
  readonly heldBytes: number
  send(packet: Packet): void
  /** This end is closed, for good. */
  closed(): void
}

/** The four values of `readyState`. */
export const READY_STATE = Object.freeze({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })

/** An end that nobody answers gives up the closing handshake after this long, as `ws` does. */
const CLOSE_TIMEOUT_MS = 30_000
const NO_STATUS = 1005
const ABNORMAL = 1006
const MOST_REASON_BYTES = 123
const LONE_SURROGATES = /[\ud800-\udfff]/gu

type Listener = (event: MemorySocketEvent) => void

/** The socket as the link sees it. */
export class SocketEnd implements MemorySocket {
  static readonly CONNECTING = READY_STATE.CONNECTING
  static readonly OPEN = READY_STATE.OPEN
  static readonly CLOSING = READY_STATE.CLOSING
  static readonly CLOSED = READY_STATE.CLOSED

  readonly url: string
  protocol = ''
  readyState: number = READY_STATE.CONNECTING
  readonly #side: Side
  readonly #clock: Pick<FakeClock, 'setArrival'>
  readonly #listeners = new Map<MemorySocketEvent['type'], Set<Listener>>()
  #wire: Wire | null = null
  #stopClosing: () => void = () => undefined

  constructor(side: Side, url: string, clock: Pick<FakeClock, 'setArrival'>) {
    this.#side = side
    this.url = url
    this.#clock = clock
  }

  get bufferedAmount(): number {
    return this.#wire?.heldBytes ?? 0
  }

  addEventListener(type: MemorySocketEvent['type'], listener: (event: never) => void): void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(listener as Listener))
  }

  removeEventListener(type: MemorySocketEvent['type'], listener: (event: never) => void): void {
    this.#listeners.get(type)?.delete(listener as Listener)
  }

  send(data: FrameData): void {
    if (this.readyState === READY_STATE.CONNECTING)
      throw new DOMException('Still connecting', 'InvalidStateError')
    if (this.readyState !== READY_STATE.OPEN) return
    this.#wire?.send({
      type: 'frame',
      data: typeof data === 'string' ? data.replace(LONE_SURROGATES, '\ufffd') : data.slice(),
    })
  }

  close(code?: number, reason = ''): void {
    checkClose(this.#side, code, reason)
    if (this.readyState >= READY_STATE.CLOSING) return
    if (this.readyState === READY_STATE.CONNECTING) {
      this.#abort(true)
      return
    }
    this.readyState = READY_STATE.CLOSING
    this.#wire?.send({ type: 'close', code, reason })
    this.#stopClosing = this.#clock.setArrival(CLOSE_TIMEOUT_MS, () => this.#abort(false))
  }

  terminate(): void {
    if (this.readyState !== READY_STATE.CLOSED) this.#abort(this.readyState === READY_STATE.CONNECTING)
  }

  /** The link is up. */
  attach(wire: Wire): void {
    this.#wire = wire
  }

  /** The handshake is done. */
  opened(protocol: string): void {
    if (this.readyState !== READY_STATE.CONNECTING) return
    this.protocol = protocol
    this.readyState = READY_STATE.OPEN
    this.#emit({ type: 'open', target: this })
  }

  /** A frame came in. In the DOM a closing socket is deaf; `ws` goes on reading. */
  received(data: FrameData): void {
    const hears =
      this.readyState === READY_STATE.OPEN ||
      (this.readyState === READY_STATE.CLOSING && this.#side === 'server')
    if (hears) this.#emit({ type: 'message', target: this, data })
  }

  /** The other end closes, or answers our close. */
  closedByPeer(code = NO_STATUS, reason = ''): void {
    if (this.readyState === READY_STATE.CLOSED) return
    if (this.readyState === READY_STATE.OPEN) {
      this.#wire?.send({ type: 'close', code: code === NO_STATUS ? undefined : code, reason })
    }
    this.#finish(code, reason, true)
  }

  /** The connection is gone without a handshake. */
  lost(withError: boolean): void {
    if (this.readyState === READY_STATE.CLOSED) return
    this.readyState = READY_STATE.CLOSING
    if (withError) this.#emit({ type: 'error', target: this })
    this.#finish(ABNORMAL, '', false)
  }

  #abort(withError: boolean): void {
    this.readyState = READY_STATE.CLOSING
    this.#wire?.send({ type: 'gone' })
    this.#stopClosing()
    this.#stopClosing = this.#clock.setArrival(0, () => this.lost(withError))
  }

  #finish(code: number, reason: string, wasClean: boolean): void {
    this.#stopClosing()
    this.readyState = READY_STATE.CLOSED
    this.#wire?.closed()
    this.#emit({ type: 'close', target: this, code, reason, wasClean })
  }

  #emit(event: MemorySocketEvent): void {
    // A copy: a listener may remove itself. What one throws reaches whoever moves the clock.
    for (const listener of [...(this.#listeners.get(event.type) ?? [])]) listener(event)
  }
}

function checkClose(side: Side, code: number | undefined, reason: string): void {
  if (code !== undefined && !isSendable(side, code)) {
    throw new DOMException(`A ${side} may not send close code ${code}`, 'InvalidAccessError')
  }
  if (new TextEncoder().encode(reason).length > MOST_REASON_BYTES) {
    throw new DOMException(`A close reason holds at most ${MOST_REASON_BYTES} bytes`, 'SyntaxError')
  }
}

/** Browsers send 1000 and 3000 to 4999; `ws` also what the protocol reserves for endpoints. */
function isSendable(side: Side, code: number): boolean {
  if (code === 1000 || (code >= 3000 && code <= 4999)) return true
  return side === 'server' && code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
}
