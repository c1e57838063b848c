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

/** `setTimeout` cuts fractions off and fires early by as much; so what comes too early waits for the rest. */
function setTimer(delayMs: number, callback: () => void): () => void {
  const dueAt = performance.now() + delayMs
  let timer: ReturnType<typeof setTimeout>
  const arm = (): void => {
    const waitMs = Math.min(Math.max(0, Math.ceil(dueAt - performance.now())), MAX_TIMEOUT_MS)
    timer = setTimeout(() => {
      if (performance.now() < dueAt) arm()
      else callback()
    }, waitMs)
  }
  arm()
  return () => {
    clearTimeout(timer)
  }
}

/** A message to oneself comes behind what is there already, and hidden pages do not hold it back as they do timers. */
function deferInBrowser(callback: () => void): void {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    callback()
  }
  port2.postMessage(null)
}

/** The real clock, of Node and of browsers. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  time: () => Date.now(),
  setTimer,
  defer: immediate ?? deferInBrowser,
  random: () => Math.random(),
})
