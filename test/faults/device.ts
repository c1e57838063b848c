/** A device of a user: the shipped client on a real socket that can be cut, fall silent, or vanish with all it is on. */
import WebSocket from 'ws'
import { createPresenceClient, type PresenceClient } from '../../src/client/index.ts'

export interface Device {
  readonly client: PresenceClient
  /** The connection is lost; the client comes back by itself. */
  drop(): void
  /** The device is gone, without a word. `silent`: its connection stays open, and nothing comes through it. */
  vanish(how: 'cut' | 'silent'): void
  /** Ends what is left of it. */
  end(): void
}

/** @param url - gives the address for each attempt */
export function createDevice(userId: string, url: () => string): Device {
  const sockets = new Set<DeviceSocket>()
  class Socket extends DeviceSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols)
      sockets.add(this)
      this.on('close', () => sockets.delete(this))
    }
  }
  const client = createPresenceClient({
    url,
    token: userId,
    WebSocket: Socket as never,
    activity: false,
    reconnect: { minDelayMs: 50, maxDelayMs: 500 },
    connectTimeoutMs: 1_000,
  })
  const cut = (): void => {
    for (const socket of sockets) socket.cut()
  }
  return {
    client,
    drop: cut,
    vanish(how) {
      for (const socket of sockets) socket.mute()
      client.destroy()
      if (how === 'cut') cut()
    },
    end() {
      client.destroy()
      cut()
    },
  }
}

class DeviceSocket extends WebSocket {
  private muted = false

  /** Neither hears nor says anything from now on, and stays open. */
  mute(): void {
    this.muted = true
    this.pause()
  }

  cut(): void {
    super.terminate()
  }

  override send(...args: unknown[]): void {
    if (!this.muted) super.send(args[0] as string)
  }

  override close(code?: number, reason?: string): void {
    if (!this.muted) super.close(code, reason)
  }

  override terminate(): void {
    if (!this.muted) super.terminate()
  }
}
