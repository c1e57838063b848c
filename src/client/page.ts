/** The page that a client lives in, told in a few words. In Node there is none, and nothing is told. */

/** What happens to a page. `unreachable`: it has no network, or is not running any more. */
export type PageSignal = 'input' | 'visible' | 'hidden' | 'reachable' | 'unreachable' | 'leaving'

const INPUT_EVENTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart']

/** Watches the page. Returns what ends it and leaves no listener behind. */
export function watchPage(tell: (signal: PageSignal) => void): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => undefined
  const ends: (() => void)[] = []
  const on = (target: EventTarget, type: string, listener: () => void): void => {
    target.addEventListener(type, listener, { passive: true, capture: true })
    ends.push(() => target.removeEventListener(type, listener, { capture: true }))
  }
  const reached = (): void => {
    if (navigator.onLine) tell('reachable')
  }
  const unreached = (): void => tell('unreachable')
  const looked = (): void => {
    tell(document.hidden ? 'hidden' : 'visible')
    if (!document.hidden) reached()
  }

  for (const type of INPUT_EVENTS) on(window, type, () => tell('input'))
  on(document, 'visibilitychange', looked)
  on(document, 'freeze', unreached)
  on(document, 'resume', reached)
  on(window, 'online', reached)
  on(window, 'offline', unreached)
  on(window, 'pageshow', reached)
  // `unload` would keep the page out of the back-forward cache.
  on(window, 'pagehide', () => {
    tell('leaving')
    unreached()
  })
  looked()
  return () => {
    for (const end of ends) end()
  }
}
