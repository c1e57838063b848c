/** One direction of a connection: like TCP it keeps the order and loses nothing, but it can stand still. */
import { utf8Length } from '../core/ids.ts'
import type { FakeClock } from './clock.ts'

/** What travels. `gone` is the end of the connection without a closing handshake. */
export type Packet =
  | { readonly type: 'connect' | 'accept' | 'refuse' | 'gone' }
  | { readonly type: 'frame'; readonly data: FrameData }
  | { readonly type: 'close'; readonly code: number | undefined; readonly reason: string }

/** Text, or the bytes of a binary frame. */
export type FrameData = string | Uint8Array

/** Why a direction stands still. */
export type Blockage = 'cut' | 'mute' | 'unread'

/** One direction. */
export interface Pipe {
  send(packet: Packet): void
  /** Bytes of frames that stand still. */
  readonly heldBytes: number
  readonly blocked: boolean
  block(reason: Blockage): void
  /** What was held sets out anew, in order. */
  unblock(): void
  /** Forgets all that is under way. */
  destroy(): void
}

interface Waiting {
  readonly packet: Packet
  dueAt: number
  cancel: () => void
}

/** Makes a direction that delivers each packet after a delay, drawn anew for each, but never before the one ahead. */
export function createPipe(
  clock: Pick<FakeClock, 'now' | 'setArrival'>,
  drawDelay: () => number,
  deliver: (packet: Packet) => void,
): Pipe {
  const blockages = new Set<Blockage>()
  let queue: Waiting[] = []

  const deliverFirst = (): void => {
    const first = blockages.size > 0 ? undefined : queue.shift()
    if (first) deliver(first.packet)
  }
  const setOut = (packet: Packet): void => {
    const dueAt = Math.max(queue.at(-1)?.dueAt ?? 0, clock.now() + drawDelay())
    queue.push({ packet, dueAt, cancel: clock.setArrival(dueAt - clock.now(), deliverFirst) })
  }
  const takeAll = (): Packet[] => {
    const taken = queue
    queue = []
    for (const { cancel } of taken) cancel()
    return taken.map(({ packet }) => packet)
  }

  return {
    send: setOut,
    get heldBytes() {
      return blockages.size > 0 ? queue.reduce((sum, { packet }) => sum + bytesOf(packet), 0) : 0
    },
    get blocked() {
      return blockages.size > 0
    },
    block: (reason) => void blockages.add(reason),
    unblock() {
      blockages.clear()
      for (const packet of takeAll()) setOut(packet)
    },
    destroy: () => void takeAll(),
  }
}

function bytesOf(packet: Packet): number {
  if (packet.type !== 'frame') return 0
  return typeof packet.data === 'string' ? utf8Length(packet.data) : packet.data.byteLength
}
