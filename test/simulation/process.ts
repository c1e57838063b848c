/**
 * A process of the simulation: it has a clock of its own that can be wrong, and it can freeze. While it is frozen its
 * timers fall due and its input piles up; at the thaw the late timers fire first, and then the input is read, as a
 * process does that was not given the processor for a while.
 */
import type { Clock } from '../../src/core/clock.ts'
import { createRandom, type FakeClock } from '../../src/testing/index.ts'

export interface SimulatedProcess {
  readonly clock: Clock
  readonly frozen: boolean
  /** When it last came out of a freeze; `-Infinity`: never. */
  readonly thawedAt: number
  /** The longest that it was frozen. */
  readonly longestMs: number
  /** Input from outside: taken now, or when the process reads again. */
  deliver(callback: () => void): void
  freeze(): void
  thaw(): void
  /** Ends it, from one moment to the next: no timer fires and no input is read any more. */
  kill(): void
  /** Steps this process's wall clock alone. */
  stepTime(byMs: number): void
  /** When its timers are due. */
  deadlines(): number[]
}

export function createProcess(world: FakeClock, seed: number): SimulatedProcess {
  const random = createRandom(seed)
  const deadlines = new Map<object, number>()
  const cancels = new Map<object, () => void>()
  let late: (() => void)[] = []
  let inbox: (() => void)[] = []
  let backlog = 0
  let frozen = false
  let dead = false
  let thawedAt = -Infinity
  let frozenAt = -Infinity
  let longestMs = 0
  let offset = 0

  const setTimer = (delayMs: number, callback: () => void): (() => void) => {
    if (dead) return () => {}
    const timer = {}
    const forget = (): boolean => cancels.delete(timer) && deadlines.delete(timer)
    deadlines.set(timer, world.now() + Math.max(0, delayMs))
    const fire = (): void => {
      if (frozen) late.push(fire)
      else if (forget()) callback()
    }
    const cancel = world.setTimer(delayMs, fire)
    cancels.set(timer, cancel)
    return () => {
      forget()
      cancel()
    }
  }
  const read = (callback: () => void): void => {
    backlog++
    world.setArrival(0, () => {
      backlog--
      if (dead) return
      if (frozen) inbox.push(callback)
      else callback()
    })
  }

  return {
    clock: {
      now: () => world.now(),
      time: () => world.time() + offset,
      setTimer,
      defer: (callback) => void setTimer(0, callback),
      random: () => random.next(),
    },
    get frozen() {
      return frozen
    },
    get thawedAt() {
      return thawedAt
    },
    get longestMs() {
      return longestMs
    },
    deliver(callback) {
      if (dead) return
      if (frozen) inbox.push(callback)
      else if (backlog > 0) read(callback)
      else callback()
    },
    freeze() {
      if (!frozen) frozenAt = world.now()
      frozen = true
    },
    thaw() {
      if (!frozen || dead) return
      frozen = false
      thawedAt = world.now()
      longestMs = Math.max(longestMs, thawedAt - frozenAt)
      for (const fire of late) world.setTimer(0, fire)
      for (const callback of inbox) read(callback)
      late = []
      inbox = []
    },
    kill() {
      dead = true
      for (const cancel of cancels.values()) cancel()
      cancels.clear()
      deadlines.clear()
      late = []
      inbox = []
    },
    stepTime(byMs) {
      offset += byMs
    },
    deadlines: () => [...deadlines.values()],
  }
}
