// @vitest-environment happy-dom
import { act, type ReactNode, StrictMode, useEffect, useState } from 'react'
import { createRoot, hydrateRoot, type Root } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  PresenceProvider,
  useConnection,
  useLastSeen,
  useMyPresence,
  usePresence,
  usePresences,
} from '../../src/client/react/index.ts'
import type { Presence } from '../../src/core/model.ts'
import { type ClientWorld, createClientWorld } from '../support/client-world.ts'

const ONLINE = { status: 'online' } as const
let world: ClientWorld
let root: Root
let container: HTMLElement

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true)
  // happy-dom has a page of its own; the client's timers are the test's.
  world = createClientWorld({ activity: false })
  container = document.createElement('div')
  root = createRoot(container)
})
afterEach(async () => {
  await perform(() => root.unmount())
  world.client.destroy()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const inProvider = (children: ReactNode): ReactNode => (
  <PresenceProvider client={world.client}>{children}</PresenceProvider>
)
/** Does something, and lets React and all promises follow. */
const perform = (work: () => unknown): Promise<void> =>
  act(async () => {
    await work()
  })
const render = (children: ReactNode): Promise<void> => perform(() => root.render(inProvider(children)))
const advance = (ms: number): Promise<void> => perform(() => world.clock.advance(ms))
const text = (): string => container.textContent

/** Remembers all that it was given, and how often it rendered. */
function createProbe<Value>(use: () => Value): { readonly Probe: () => ReactNode; readonly values: Value[] } {
  const values: Value[] = []
  return {
    values,
    Probe() {
      const value = use()
      values.push(value)
      return JSON.stringify(value)
    },
  }
}

describe('usePresence', () => {
  it('shows unknown, then what the server says, then each change', async () => {
    world.server.presences.set('bob', ONLINE)
    const { Probe, values } = createProbe(() => usePresence('bob'))
    await render(<Probe />)
    await advance(100)
    await perform(() => world.server.change('bob', { status: 'away' }))
    await advance(100)
    expect(values.map(({ status }) => status)).toEqual(['unknown', 'online', 'away'])
    expect(values.at(-1)).toBe(world.client.get('bob'))
  })

  it('StrictMode subscribes once and unsubscribes never, as long as it is mounted', async () => {
    const { Probe } = createProbe(() => usePresence('bob').status)
    await render(
      <StrictMode>
        <Probe />
      </StrictMode>,
    )
    await advance(20_000)
    expect(world.server.connection.of('subscribe').map(({ users }) => users)).toEqual([['bob']])
    expect(world.server.connection.of('unsubscribe')).toEqual([])
    expect(world.client.state).toBe('connected')
  })

  it('unsubscribes when it is unmounted, and watches another user when the id changes', async () => {
    const Named = ({ id }: { readonly id: string }): ReactNode => usePresence(id).userId
    await render(<Named id="bob" />)
    await advance(100)
    await render(<Named id="carol" />)
    await advance(10_000)
    expect(text()).toBe('carol')
    expect(world.server.connection.of('unsubscribe').map(({ users }) => users)).toEqual([['bob']])
    await render(null)
    await advance(10_000)
    expect(world.server.connection.of('unsubscribe').at(1)?.users).toEqual(['carol'])
  })

  it('with a selector renders only when the selection differs, and keeps its identity', async () => {
    world.server.presences.set('bob', ONLINE)
    const { Probe, values } = createProbe(() =>
      usePresence(
        'bob',
        ({ online }) => ({ online }),
        (a, b) => a.online === b.online,
      ),
    )
    await render(<Probe />)
    await advance(100)
    await perform(() => world.server.change('bob', { status: 'away' }))
    await advance(100)
    expect(values.map(({ online }) => online)).toEqual([false, true])
    await render(<Probe />)
    expect(values[2]).toBe(values[1])
  })

  it('never throws: not for an impossible id, not without a provider, not with a destroyed client', async () => {
    const ids = ['', 'x'.repeat(200), '\ud800', undefined as unknown as string]
    const All = (): ReactNode => ids.map((id, index) => <One key={index} id={id} />)
    const One = ({ id }: { readonly id: string }): ReactNode => `${usePresence(id).status}${useLastSeen(id)} `
    await render(<All />)
    expect(text()).toBe('unknown '.repeat(4))
    await perform(() => root.render(<One id="bob" />))
    expect(text()).toBe('unknown ')
    world.client.destroy()
    await render(<One id="bob" />)
    expect(text()).toBe('unknown ')
  })
})

describe('usePresences', () => {
  it('shows all in order, in the same array until one changes', async () => {
    world.server.presences.set('bob', ONLINE)
    let again: (count: number) => void = () => undefined
    const { Probe, values } = createProbe((): readonly Presence[] => {
      const [, set] = useState(0)
      useEffect(() => {
        again = set
      }, [])
      return usePresences(['carol', 'bob', ''])
    })
    await render(<Probe />)
    await advance(100)
    expect(values.at(-1)?.map(({ userId, status }) => `${userId} ${status}`)).toEqual([
      'carol unknown',
      'bob online',
      ' unknown',
    ])
    const before = values.length
    await perform(() => again(1))
    expect(values.length).toBe(before + 1)
    expect(values.at(-1)).toBe(values.at(-2))
    expect(world.server.connection.of('subscribe').length).toBe(1)
  })

  it('renders once for a snapshot of many', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `user-${index}`)
    for (const id of ids) world.server.presences.set(id, ONLINE)
    const { Probe, values } = createProbe(() => usePresences(ids).filter(({ online }) => online).length)
    await render(<Probe />)
    await advance(100)
    expect(values).toEqual([0, 500])
  })
})

describe('useMyPresence and useConnection', () => {
  it('follow the client', async () => {
    const Probe = (): ReactNode => {
      const { state, attempt } = useConnection()
      return `${state} ${attempt} ${useMyPresence().chosen}`
    }
    await render(<Probe />)
    expect(text()).toBe('idle 0 auto')
    void world.client.setStatus('busy')
    await advance(100)
    expect(text()).toBe('connected 0 busy')
    world.network.refuse(true)
    world.network.resetAll()
    await advance(1)
    expect(text()).toBe('reconnecting 1 busy')
  })
})

describe('useLastSeen', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  const Words = ({ locale = 'en-GB' }: { readonly locale?: string }): ReactNode =>
    useLastSeen('bob', { locale, timeZone: 'Asia/Kathmandu' })

  it('writes, and writes anew when the day ends, without a busy timer', async () => {
    // 23:50 in Kathmandu, which is 5:45 ahead.
    const now = Date.UTC(2030, 0, 1, 18, 5)
    world.server.presences.set('bob', { status: 'offline', lastSeen: now })
    world.server.script = ({ send }, { type }) => {
      if (type === 'subscribe') send({ type: 'heartbeat', now })
      return false
    }
    await render(<Words />)
    await advance(100)
    expect(text()).toBe('last seen today at 23:50')
    expect(vi.getTimerCount()).toBe(1)
    world.server.connection.send({ type: 'heartbeat', now: now + 11 * 60_000 })
    await advance(10)
    await perform(() => vi.advanceTimersByTime(15 * 60_000))
    expect(text()).toBe('last seen yesterday at 23:50')
    await render(null)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('takes the environment’s locale where the given one does not exist', async () => {
    world.server.presences.set('bob', { status: 'offline', lastSeen: Date.UTC(2020, 0, 1) })
    await render(<Words locale="no such locale" />)
    await advance(100)
    expect(text()).toMatch(/^last seen .*20/)
  })
})

describe('on the server', () => {
  const Page = (): ReactNode => (
    <p>
      {usePresence('bob').status} {usePresences(['bob', 'carol']).length} {useConnection().state}{' '}
      {useMyPresence().status} [{useLastSeen('bob')}]
    </p>
  )

  it('renders what is known of nobody, connects to nothing, and hydrates without a complaint', async () => {
    const complaint = vi.spyOn(console, 'error')
    container = document.createElement('div')
    container.innerHTML = renderToString(inProvider(<Page />))
    expect(container.textContent).toBe('unknown 2 idle unknown []')
    expect(world.client.state).toBe('idle')
    world.server.presences.set('bob', ONLINE)
    await perform(() => {
      root = hydrateRoot(container, inProvider(<Page />))
    })
    await advance(100)
    expect(text()).toBe('online 2 connected online [online]')
    expect(complaint).not.toHaveBeenCalled()
  })
})
