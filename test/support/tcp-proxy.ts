/** A TCP proxy on loopback that fails the way networks do: silently, or with a reset. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** From the client to the server, and from the server to the client. */
export type Way = 'there' | 'back'

export interface TcpProxy {
  readonly port: number
  /** The cable is cut: nothing passes any more either way, nobody is told, and new connections hang. */
  cut(): void
  /** The cable is mended, for new connections. */
  mend(): void
  /** What is sent that way is held up on the way. @defaultValue both ways */
  hold(...ways: Way[]): void
  /** What was held up arrives after all, and all goes on. */
  release(): void
  /** Every connection is reset. */
  reset(): void
  close(): Promise<void>
}

export async function openTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Map<Socket, Way>()
  let isCut = false
  let held: readonly Way[] = []
  const keep = (socket: Socket, way: Way): Socket => {
    sockets.set(socket, way)
    socket.on('close', () => sockets.delete(socket))
    // What becomes of a broken connection is the business of its ends.
    socket.on('error', () => {})
    return socket
  }
  const join = (from: Socket, to: Socket, way: Way): void => {
    from.on('data', (bytes) => {
      if (!isCut) to.write(bytes)
    })
    from.on('close', () => {
      if (!isCut) to.resetAndDestroy()
    })
    if (held.includes(way)) from.pause()
  }
  const server = createServer((near) => {
    keep(near, 'there')
    if (isCut) return
    const far = keep(connect(targetPort, '127.0.0.1'), 'back')
    join(near, far, 'there')
    join(far, near, 'back')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true
    },
    mend() {
      isCut = false
    },
    hold(...ways) {
      held = ways.length === 0 ? ['there', 'back'] : ways
      for (const [socket, way] of sockets) if (held.includes(way)) socket.pause()
    },
    release() {
      held = []
      for (const socket of sockets.keys()) socket.resume()
    },
    reset() {
      for (const socket of sockets.keys()) socket.resetAndDestroy()
    },
    close() {
      for (const socket of sockets.keys()) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
