/** The goodbye: said, and then waited for until the server has heard it, but not for long. */
import type { Clock } from '../core/clock.ts'
import { encode } from '../core/codec.ts'
import type { Line } from './open-socket.ts'

/** The goodbyes of a client, of which at most the last is still under way. */
export interface Farewell {
  /** Resolves when nobody is waited for. */
  readonly done: Promise<void>
  /** Says goodbye on a line and closes it. `answered`: a close will follow. */
  readonly say: (line: Line, socket: number, answered: boolean) => void
  /** This socket has closed. */
  readonly heard: (socket: number) => void
  /** Waits no longer, now or later. */
  readonly end: () => void
}

/** A server that is there closes within a round trip. */
const PATIENCE_MS = 2_000
const GOODBYE = encode({ type: 'PRESENCE_UPDATE', status: 'offline' })

/** Nobody to say goodbye to yet. */
export function createFarewell(clock: Clock): Farewell {
  const waiting = new Map<number, () => void>()
  let done = Promise.resolve()
  let ended = false

  const wait = (line: Line, socket: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.setTimer(PATIENCE_MS, () => {
        line.cut()
        waiting.get(socket)?.()
      })
      waiting.set(socket, () => {
        cancel()
        waiting.delete(socket)
        resolve()
      })
    })

  return {
    get done() {
      return done
    },
    say(line, socket, answered) {
      const said = line.send(GOODBYE)
      if (said) line.close()
      else line.cut()
      if (said && answered && !ended) done = wait(line, socket)
    },
    heard(socket) {
      waiting.get(socket)?.()
    },
    end() {
      ended = true
      for (const stop of waiting.values()) stop()
    },
  }
}
