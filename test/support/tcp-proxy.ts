/** A TCP proxy on loopback that fails the way networks do: silently, or with a reset. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface TcpProxy {
  readonly port: number
  /** The cable is cut: nothing passes any more either way, nobody is told, and new connections hang. */
  cut(): void
  /** The cable is mended, for new connections. */
  mend(): void
  /** Every connection is reset. */
  reset(): void
  close(): Promise<void>
}

export async function openTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let isCut = false
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // What becomes of a broken connection is the business of its ends.
    socket.on('error', () => {})
    return socket
  }
  const server = createServer((near) => {
    keep(near)
    if (isCut) return
    const far = keep(connect(targetPort, '127.0.0.1'))
    const join = (from: Socket, to: Socket): void => {
      from.on('data', (bytes) => {
        if (!isCut) to.write(bytes)
      })
      from.on('close', () => {
        if (!isCut) to.resetAndDestroy()
      })
    }
    join(near, far)
    join(far, near)
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
    reset() {
      for (const socket of sockets) socket.resetAndDestroy()
    },
    close() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
