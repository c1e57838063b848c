/** One timer for everything that a client waits for. */
import type { Clock } from '../core/clock.ts'

/** Rings at the soonest of the instants that it was set to: perhaps early, never late. */
export interface Alarm {
  /** Rings at an instant of the monotonic clock, if not before; `Infinity`: not at all. */
  readonly set: (at: number) => void
  readonly clear: () => void
}

/** An alarm that is not set. */
export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let ringsAt = Infinity
  let cancel = (): void => undefined
  const clear = (): void => {
    cancel()
    ringsAt = Infinity
  }
  return {
    clear,
    set(at) {
      // A deadline that moves away, as with every frame that comes in, is looked at when the old one has come.
      if (at === Infinity) clear()
      if (at >= ringsAt) return
      cancel()
      ringsAt = at
      cancel = clock.setTimer(at - clock.now(), () => {
        ringsAt = Infinity
        ring()
      })
    },
  }
}
