/** How much this process is held up: on a busy machine an observer must not blame others for what it saw late. */
const EVERY_MS = 50
const REMEMBERED_MS = 10_000

export interface Lag {
  /** The longest that this process was held up lately. */
  longest(): number
  stop(): void
}

export function watchLag(): Lag {
  const lags: { readonly at: number; readonly ms: number }[] = []
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    lags.push({ at: now, ms: Math.max(0, now - last - EVERY_MS) })
    last = now
    while ((lags[0]?.at ?? now) < now - REMEMBERED_MS) lags.shift()
  }, EVERY_MS)
  return {
    longest: () => Math.max(performance.now() - last - EVERY_MS, ...lags.map(({ ms }) => ms)),
    stop: () => clearInterval(timer),
  }
}
