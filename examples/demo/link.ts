/**
 * The wire between a client and the server, with a pair of pliers. It is given to the SDK as its `WebSocket`, so
 * that faults can be had at the press of a button; an application needs nothing of this.
 */
import type { WebSocketLike } from 'presencekit'
import type { WebSocketConstructor } from 'presencekit/client'

/**
 * - `whole`: as any wire
 * - `cut`: every socket is gone without a goodbye, and none can be opened
 * - `mute`: sockets still hear, but nothing of ours gets through, heartbeat answers among it
 */
export type LinkState = 'whole' | 'cut' | 'mute'

/** A wire that can be cut and mended. */
export interface Link {
  readonly state: LinkState
  readonly WebSocket: WebSocketConstructor
  set(state: LinkState): void
  /** Listens for `set`. Returns what ends it. */
  readonly onChange: (listener: () => void) => () => void
}

/** A wire around the sockets of a platform. */
export function createLink(Platform: WebSocketConstructor): Link {
  let state: LinkState = 'whole'
  const sockets = new Set<LinkedSocket>()
  const listeners = new Set<() => void>()

  class LinkedSocket implements WebSocketLike {
    readonly #socket: WebSocketLike
    /** What is stuck in a mute wire. It comes out in order once the wire is whole, as from a stalled network. */
    #held: (() => void)[] = []

    constructor(url: string, protocols: string[]) {
      if (state === 'cut') throw new Error('The cable is cut')
      this.#socket = new Platform(url, protocols)
      this.#socket.addEventListener('close', () => sockets.delete(this))
      sockets.add(this)
    }

    get readyState(): number {
      return this.#socket.readyState
    }

    get bufferedAmount(): number {
      return this.#socket.bufferedAmount
    }

    send(data: string): void {
      this.#pass(() => {
        if (this.readyState === 1) this.#socket.send(data)
      })
    }

    close(code?: number, reason?: string): void {
      this.#pass(() => this.#socket.close(code, reason))
    }

    addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: never) => void): void {
      this.#socket.addEventListener(type, listener)
    }

    /** Lets go. A page cannot do worse to a socket than close it; either way there is no goodbye in it. */
    cut(): void {
      this.#held = []
      if (this.#socket.terminate) this.#socket.terminate()
      else this.#socket.close()
    }

    release(): void {
      for (const act of this.#held.splice(0)) act()
    }

    #pass(act: () => void): void {
      if (state === 'mute') this.#held.push(act)
      else act()
    }
  }

  return {
    get state() {
      return state
    },
    WebSocket: LinkedSocket,
    set(next) {
      state = next
      for (const socket of sockets) {
        if (next === 'cut') socket.cut()
        if (next === 'whole') socket.release()
      }
      for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
