/** A connection, both ways: what the host has of it, and what whoever holds its socket has of the host. */
import type { ConnectionId, NodeEvent } from './machine.ts'

/** How a connection's frames leave; whichever way the socket came to us. */
export interface Transport {
  send(frames: readonly string[]): void
  close(code: number, reason: string): void
  /** Ends it without a handshake. */
  terminate(code: number): void
  /** Bytes that were sent and have not left. */
  backlog(): number
}

/** How a connection's frames come in. One object each, and no closures: there are as many as connections. */
export class Inlet {
  readonly #connection: ConnectionId
  readonly #take: (event: NodeEvent) => void

  constructor(connection: ConnectionId, take: (event: NodeEvent) => void) {
    this.#connection = connection
    this.#take = take
  }

  frame(frame: string): void {
    this.#take({ type: 'frame', connection: this.#connection, frame })
  }

  breach(code: number): void {
    this.#take({ type: 'breach', connection: this.#connection, code })
  }

  closed(code: number): void {
    this.#take({ type: 'closed', connection: this.#connection, code })
  }
}
