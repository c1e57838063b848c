/** The application's own socket, shared: our frames travel in an envelope, all others are not ours to touch. */
import type { Clock } from '../core/clock.ts'
import { isWrapped, unwrap, type WebSocketLike, wrap } from '../core/socket.ts'
import { type Line, OPEN } from './open-socket.ts'

/** What a shared socket tells. */
export interface SharedEvents {
  readonly onOpen: () => void
  readonly onFrame: (frame: string) => void
  /** The application's socket has closed; the application brings another. */
  readonly onGone: () => void
}

/** Rides on a socket until it closes, or until the line is closed; the socket itself is never closed here. */
export function shareSocket(socket: WebSocketLike, clock: Clock, events: SharedEvents): Line {
  const { onOpen, onGone } = events
  let isOurs = true
  const onMessage = ({ data }: { readonly data: unknown }): void => {
    if (typeof data === 'string' && isWrapped(data)) events.onFrame(unwrap(data))
  }
  const close = (): void => {
    isOurs = false
    socket.removeEventListener?.('open', onOpen)
    socket.removeEventListener?.('message', onMessage)
    socket.removeEventListener?.('close', onGone)
  }
  socket.addEventListener('open', onOpen)
  socket.addEventListener('message', onMessage)
  socket.addEventListener('close', onGone)
  // A socket that is open, or gone, will not say so again.
  if (socket.readyState > 0) {
    clock.defer(() => {
      if (isOurs) (socket.readyState === OPEN ? onOpen : onGone)()
    })
  }
  return {
    send(frame) {
      const isOpen = socket.readyState === OPEN
      if (isOpen) socket.send(wrap(frame))
      return isOpen
    },
    close,
    cut: close,
  }
}
