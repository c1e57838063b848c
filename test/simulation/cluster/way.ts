/**
 * The way of a node to the storage and the bus: how long it takes, and what is lost on it. A call that has left its node
 * is on its way whatever becomes of the node; an answer arrives only at a process that reads it.
 */
import { type FakeClock, type MemoryCall, type MemoryHooks, type Random } from '../../../src/testing/index.ts'
import type { SimulatedProcess } from '../process.ts'
import type { Durations } from './setup.ts'

/**
 * `cut`: nothing arrives. `deaf`: calls are carried out, their answers are lost. `held`: calls pile up, and are carried
 * out when the way is open again. `refused`: calls fail at once. `lossy`: now and then a call or its answer is lost.
 * `torn`: of some users' records calls fail, carried out or not.
 */
export type WayState = 'open' | 'cut' | 'deaf' | 'held' | 'refused' | 'lossy' | 'torn'
/** Of the whole storage. `paused`: calls are carried out when it goes on, and have failed by then. */
export type StorageState = 'up' | 'paused' | 'refusing'
/** Of the bus. `once`: the next message that tells something is lost. */
export type BusState = 'well' | 'losing' | 'once' | 'doubling' | 'late' | 'dead'

/** What all nodes suffer together. */
export interface Weather {
  storage: StorageState
  bus: BusState
  /** Calls that wait for a storage that is paused. */
  readonly waiting: (() => void)[]
}

export interface Way {
  state: WayState
  /** No message reaches the node. */
  deaf: boolean
  /** Calls that wait for the way to open. */
  readonly held: (() => void)[]
}

export interface WayOptions {
  readonly clock: FakeClock
  readonly random: Random
  readonly durations: Durations
  readonly process: SimulatedProcess
  readonly weather: Weather
  /** A call leaves the node. */
  readonly onCall: (call: MemoryCall) => void
  /** A call has been carried out, which was sent at that time. */
  readonly onCarried: (call: MemoryCall, reply: unknown, sentAt: number) => void
  /** The node reads the answer. */
  readonly onAnswer: (call: MemoryCall, reply: unknown, sentAt: number) => void
  /** The one message is lost. */
  readonly onLost: () => void
  /** A message that tells something arrives; kept for those who repeat old ones. */
  readonly onMessage: (deliver: () => void) => void
}

const LOSSY = 0.15
const LOSING = 0.5
/** A late message is late by up to this part of F: so others overtake it. */
const LATE_PART = 1.5

/** Whether a torn way does not reach the record of this user. */
export function isFar(user: string): boolean {
  return !user.endsWith('0')
}

/** Most messages say only that their sender is there. */
function tells(text: string): boolean {
  return text.includes('"tell"')
}

export function createWay(): Way {
  return { state: 'open', deaf: false, held: [] }
}

export function hooksOf(way: Way, options: WayOptions): MemoryHooks {
  const { clock, random, durations, process, weather } = options
  const travel = (arrive: () => void): void => {
    clock.setArrival(random.integer(0, durations.latencyMs), arrive)
  }

  const callOf = <T>(call: MemoryCall, carryOut: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const sentAt = clock.now()
      options.onCall(call)
      let settled = false
      const settle = (how: () => void): void => {
        if (settled) return
        settled = true
        cancel()
        how()
      }
      const fail = (why: string) => () => {
        settle(() => {
          reject(new Error(why))
        })
      }
      const cancel = process.clock.setTimer(durations.callTimeoutMs, fail('No answer'))
      const answer = (read: () => void): void => {
        travel(() => {
          process.deliver(read)
        })
      }
      const carry = (): void => {
        const value = carryOut()
        options.onCarried(call, value, sentAt)
        if (way.state === 'deaf' || way.state === 'cut' || (way.state === 'lossy' && random.chance(LOSSY)))
          return
        answer(() => {
          if (!settled) options.onAnswer(call, value, sentAt)
          settle(() => {
            resolve(value)
          })
        })
      }
      const reach = (): void => {
        if (weather.storage === 'paused') weather.waiting.push(carry)
        else if (weather.storage === 'refusing') answer(fail('Refused'))
        else carry()
      }
      travel(() => {
        if (way.state === 'cut' || (way.state === 'lossy' && random.chance(LOSSY))) return
        if (way.state === 'held') way.held.push(reach)
        else if (way.state === 'refused') answer(fail('No way'))
        else reach()
      })
    })

  const copies = (text: string): number => {
    if (way.deaf || weather.bus === 'dead') return 0
    if (weather.bus === 'once' && tells(text)) {
      options.onLost()
      return 0
    }
    if (weather.bus === 'losing') return random.chance(LOSING) ? 0 : 1
    return weather.bus === 'doubling' ? random.integer(1, 2) : 1
  }

  return {
    intercept: callOf,
    carry({ text }, deliver) {
      const arrive = (): void => {
        process.deliver(deliver)
      }
      const lateMs = weather.bus === 'well' ? 0 : LATE_PART * durations.flushMs
      let left = copies(text)
      if (left > 0 && tells(text)) options.onMessage(arrive)
      for (; left > 0; left--)
        clock.setArrival(random.integer(0, durations.latencyMs + Math.round(lateMs)), arrive)
    },
    reachOf: (id) => {
      if (way.state !== 'torn' || !isFar(id)) return 'whole'
      return random.chance(LOSING) ? 'unheard' : 'none'
    },
  }
}

/** The way is open again: what waited goes on. */
export function openWay(way: Way): void {
  way.state = 'open'
  for (const go of way.held.splice(0)) go()
}

/** The storage goes on: what waited is carried out now. */
export function resumeStorage(weather: Weather): void {
  weather.storage = 'up'
  for (const carry of weather.waiting.splice(0)) carry()
}
