/**
 * Time, as everything here takes it. Nothing else reads a clock, sets a timer or rolls a die,
 * so that one fake clock drives the shipped code in a test.
 */
export interface Clock {
  /** Monotonic milliseconds; the zero point means nothing. Every duration is measured with it. */
  now(): number
  /** Wall clock, epoch milliseconds. Used only to show an instant, never to measure a duration. */
  time(): number
  /** Runs `callback` once, not before `delayMs` have passed. Returns what cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void
  /** Runs `callback` once, after the input that is already there has been read. */
  defer(callback: () => void): void
  /** Uniform in [0, 1). */
  random(): number
}

/** The longest delay that `setTimeout` takes as given; beyond it fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

const immediate = (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate

/** The real clock, of Node and of browsers. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  time: () => Date.now(),
  setTimer(delayMs: number, callback: () => void) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_TIMEOUT_MS))
    return () => {
      clearTimeout(timer)
    }
  },
  defer(callback: () => void) {
    if (immediate) immediate(callback)
    else queueMicrotask(callback)
  },
  random: () => Math.random(),
})
