/** What a client looks at of a browser's page, in the hands of a test. */
import { vi } from 'vitest'

export interface FakePage {
  readonly window: EventTarget
  readonly document: EventTarget
  readonly sessionStorage: ReadonlyMap<string, string>
  readonly hide: () => void
  readonly show: () => void
  readonly setOnline: (online: boolean) => void
  /** Listeners that have been added and not removed. */
  readonly listeners: () => number
}

/** Puts a page in place of the globals of one; `vi.unstubAllGlobals()` takes it away. */
export function createFakePage(): FakePage {
  const counter = { listeners: 0 }
  const window = countingTarget(counter)
  const document = Object.assign(countingTarget(counter), { hidden: false })
  const navigator = { onLine: true }
  const memory = new Map<string, string>()
  const setHidden = (hidden: boolean): void => {
    document.hidden = hidden
    document.dispatchEvent(new Event('visibilitychange'))
  }
  vi.stubGlobal('window', window)
  vi.stubGlobal('document', document)
  vi.stubGlobal('navigator', navigator)
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => memory.get(key) ?? null,
    setItem: (key: string, value: string) => memory.set(key, value),
    removeItem: (key: string) => memory.delete(key),
  })
  return {
    window,
    document,
    sessionStorage: memory,
    hide: () => setHidden(true),
    show: () => setHidden(false),
    setOnline(online) {
      navigator.onLine = online
      window.dispatchEvent(new Event(online ? 'online' : 'offline'))
    },
    listeners: () => counter.listeners,
  }
}

function countingTarget(counter: { listeners: number }): EventTarget {
  const target = new EventTarget()
  const add = target.addEventListener.bind(target)
  const remove = target.removeEventListener.bind(target)
  return Object.assign(target, {
    addEventListener(...args: Parameters<typeof add>) {
      counter.listeners++
      add(...args)
    },
    removeEventListener(...args: Parameters<typeof remove>) {
      counter.listeners--
      remove(...args)
    },
  })
}
