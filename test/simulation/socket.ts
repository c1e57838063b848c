/** A socket between a process and the network: what comes in waits while the process is frozen, and all is seen. */
import type { WebSocketLike } from '../../src/core/socket.ts'
import type { MemorySocket, MemorySocketEvent } from '../../src/testing/index.ts'
import type { SimulatedProcess } from './process.ts'

/** Sees what a process says and hears on one connection, at the moment it does. */
export interface SocketObserver {
  /** A frame is there to be read. */
  arrived?(frame: string): void
  /** A frame is read. */
  heard?(frame: string): void
  said?(frame: string): void
  /** The process ends the connection; `null`: without a handshake. */
  ended?(code: number | null): void
  /** The process learns that the connection is gone. */
  gone?(code: number): void
}

type Listener = (event: MemorySocketEvent) => void

/** The socket as the code in the process sees it. `terminate`: whether its platform can cut, which browsers cannot. */
export function wrapSocket(
  inner: MemorySocket,
  process: SimulatedProcess,
  observer: SocketObserver,
  { terminate }: { readonly terminate: boolean },
): WebSocketLike {
  const listeners = new Map<string, Set<Listener>>()
  let given = false
  const emit = (event: MemorySocketEvent): void => {
    for (const listener of [...(listeners.get(event.type) ?? [])]) listener(event)
  }
  const watch = (type: MemorySocketEvent['type'], seen: (event: MemorySocketEvent) => void): void => {
    inner.addEventListener(type, (event: MemorySocketEvent) => {
      if (event.type === 'message') observer.arrived?.(String(event.data))
      process.deliver(() => {
        // A page that has closed its socket hears no message any more.
        if (given && type === 'message' && !terminate) return
        seen(event)
        emit(event)
      })
    })
  }
  watch('open', () => undefined)
  watch('error', () => undefined)
  watch('message', (event) => {
    if (event.type === 'message') observer.heard?.(String(event.data))
  })
  watch('close', (event) => {
    if (event.type === 'close') observer.gone?.(event.code)
  })
  const end = (code: number | null): void => {
    if (!given && inner.readyState < 2) observer.ended?.(code)
    given = true
  }
  return {
    get readyState() {
      return inner.readyState
    },
    get bufferedAmount() {
      return inner.bufferedAmount
    },
    send(data) {
      if (!given) observer.said?.(data)
      inner.send(data)
    },
    close(code, reason) {
      end(code ?? 1000)
      inner.close(code, reason)
    },
    addEventListener(type, listener: (event: never) => void) {
      const known = listeners.get(type) ?? new Set()
      listeners.set(type, known.add(listener as Listener))
    },
    ...(terminate && {
      terminate() {
        end(null)
        inner.terminate()
      },
    }),
  }
}
