/** The server as its application sees it: commands, events, options, health, close. */
import { describe, expect, test } from 'vitest'
import { PresenceError } from '../../src/core/errors.ts'
import { createPresenceServer, staticContacts } from '../../src/server/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import { choice, createServerWorld, GOODBYE, GRACE } from '../support/server-world.ts'

/** What a call throws or rejects with. */
async function faultOf(call: () => unknown): Promise<PresenceError> {
  try {
    await call()
  } catch (error) {
    expect(error).toBeInstanceOf(PresenceError)
    return error as PresenceError
  }
  throw new Error('Nothing was thrown')
}

/** Waits for what takes no time. */
async function settled<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  await clock.settle()
  return promise
}

describe('CONFIG: options that cannot work', () => {
  const usual = { authenticate: () => null, contacts: staticContacts({}) }
  test.each<[string, object, RegExp]>([
    ['authenticate', { authenticate: undefined }, /function.*undefined/],
    ['contacts', { contacts: undefined }, /contactsOf.*undefined/],
    ['contacts', { contacts: {} }, /contactsOf.*an object/],
    ['storage', { storage: {} }, /read and swap.*an object/],
    ['heartbeat.timeoutMs', { heartbeat: { timeoutMs: 10 } }, /100 to 86400000.*10/],
    ['heartbeat.timeoutMs', { heartbeat: { timeoutMs: Number.NaN } }, /100 to 86400000.*NaN/],
    ['heartbeat.timeoutMs', { heartbeat: { timeoutMs: '60000' } }, /number.*"60000"/],
    ['heartbeat.intervalMs', { heartbeat: { intervalMs: 30_000 } }, /from 0 to 25000.*30000/],
    ['heartbeat.clientTimeoutMs', { heartbeat: { clientTimeoutMs: 20_000 } }, /from 22000.*20000/],
    ['graceMs', { graceMs: 60_000 }, /from 0 to (59999|60000).*60000/],
    ['graceMs', { graceMs: -1 }, /from 0.*-1/],
    ['flushMs', { flushMs: 20_000 }, /20000/],
    ['sweepMs', { sweepMs: 20_000 }, /from 0 to 10000.*20000/],
    ['leaseMs', { leaseMs: 1_000 }, /from 15000.*1000/],
    ['compareMs', { compareMs: 0 }, /from 1.*0/],
    ['recoveryHoldMs', { recoveryHoldMs: -1 }, /from 0.*-1/],
    ['limits.frameBytes', { limits: { frameBytes: 0 } }, /at least 1.*0/],
    ['limits.contacts', { limits: { contacts: -1 } }, /at least 0.*-1/],
    ['limits.subscriptions', { limits: { subscriptions: 1.5 } }, /whole.*1\.5/],
    ['limits.subscriptions', { limits: { subscriptions: '5' } }, /whole.*"5"/],
    ['limits.nonsense', { limits: { nonsense: 5 } }, /exists.*5/],
    ['limits.queueHardBytes', { limits: { queueHardBytes: 1_000 } }, /262144.*1000/],
  ])('%s: %o', async (option, options, message) => {
    const fault = await faultOf(() => createPresenceServer({ ...usual, ...options }))
    expect(fault.code).toBe('CONFIG')
    expect(fault.message).toMatch(new RegExp(`^${option.replace('.', '\\.')}: `))
    expect(fault.message).toMatch(message)
    expect(fault.retryable).toBe(false)
  })
})

describe('commands', () => {
  test('setStatus is a choice like the user’s own: watchers, own sessions, a user who is not here', async () => {
    const { server, clock, open } = createServerWorld()
    const bob = await open('bob')
    await settled(clock, server.setStatus('alice', 'busy', { text: 'in a meeting' }))
    expect(bob.statusesOf('alice')).toEqual(['offline'])
    const alice = await open('alice')
    expect(bob.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'busy', text: 'in a meeting' })
    await settled(clock, server.setStatus('alice', 'away'))
    expect(alice.of('self').at(-1)).toEqual({
      type: 'self',
      status: 'away',
      chosen: 'away',
      text: 'in a meeting',
    })
    await settled(clock, server.setStatus('alice', 'auto', { text: null }))
    expect(bob.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'online' })
  })

  test('setStatus resolves when the storage holds it, and lapses when told to', async () => {
    const { server, clock, storage, open } = createServerWorld()
    await open('alice')
    storage.mode = 'hold'
    let done = false
    const set = server.setStatus('alice', 'busy', { expiresInMs: 5_000 }).then(() => (done = true))
    await clock.settle()
    expect(done).toBe(false)
    storage.mode = 'open'
    storage.release()
    await set
    expect(await server.get(['alice'])).toMatchObject([{ status: 'busy' }])
    await clock.advance(5_200)
    expect(await server.get(['alice'])).toMatchObject([{ status: 'online' }])
  })

  test.each<[string, unknown, object]>([
    ['a status that is none', 'nonsense', {}],
    ['a goodbye', 'offline', {}],
    ['no status', undefined, {}],
    ['a text of 141 units', 'busy', { text: 'x'.repeat(141) }],
    ['a text with half a character', 'busy', { text: '\ud800' }],
    ['a text of a number', 'busy', { text: 7 }],
    ['an end of NaN', 'busy', { expiresInMs: Number.NaN }],
    ['an end before now', 'busy', { expiresInMs: -1 }],
    ['an end in a thousand years', 'busy', { expiresInMs: 4e13 }],
  ])('setStatus with %s: CONFIG, and nothing has changed', async (_, status, options) => {
    const { server, open } = createServerWorld()
    const bob = await open('bob')
    await open('alice')
    bob.clear()
    const fault = await faultOf(() => server.setStatus('alice', status as 'busy', options))
    expect(fault.code).toBe('CONFIG')
    expect(bob.texts).toEqual([])
    expect(await server.get(['alice'])).toMatchObject([{ status: 'online', statusText: null }])
  })

  test.each([
    [''],
    ['x'.repeat(129)],
    ['\udc00'],
    [7],
    [null],
    [undefined],
    [['alice']],
    [10n],
    [{ id: 'alice' }],
  ])('BAD_ID for the user %s', async (id) => {
    const { server } = createServerWorld()
    const user = id as string
    for (const call of [
      () => server.get([user]),
      () => server.get(['alice', user]),
      () => server.setStatus(user, 'busy'),
      () => server.disconnectUser(user),
      () => server.invalidateContacts(user),
    ]) {
      expect((await faultOf(call)).code).toBe('BAD_ID')
    }
    if (id !== undefined)
      expect((await faultOf(() => server.get(['alice'], { as: user }))).code).toBe('BAD_ID')
  })

  test('disconnectUser ends every session at once, also those in grace and those not announced yet', async () => {
    const { server, clock, open, connect } = createServerWorld()
    const bob = await open('bob')
    const first = await open('alice')
    const lost = await open('alice')
    const quiet = await connect()
    await quiet.say({ type: 'hello', version: 1, token: 'alice' })
    lost.link.reset()
    await clock.settle()
    await server.disconnectUser('alice')
    await clock.settle()
    expect([first.closed, quiet.closed]).toEqual([
      { code: 4004, reason: 'KICKED' },
      { code: 4004, reason: 'KICKED' },
    ])
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
    await clock.advance(2 * GRACE)
    expect(bob.statusesOf('alice')).toHaveLength(3)
    await server.disconnectUser('alice')
    await server.disconnectUser('nobody')
    await open('alice')
    expect(bob.statusesOf('alice').at(-1)).toBe('online')
  })
})

describe('events', () => {
  test('each transition is told once, with what was before; sessions with their ids', async () => {
    const { server, events, open, clock } = createServerWorld()
    const sessions: string[] = []
    server.on('session:open', ({ userId, sessionId }) => sessions.push(`open ${userId} ${sessionId}`))
    server.on('session:close', ({ userId, sessionId }) => sessions.push(`close ${userId} ${sessionId}`))
    const previous: string[] = []
    server.on('change', (now, before) => previous.push(`${before.status} ${now.status}`))
    const one = await open('alice')
    const two = await open('alice')
    await one.say(choice('busy'))
    await one.say(GOODBYE)
    two.link.reset()
    await clock.advance(GRACE + 200)
    expect(events).toEqual([
      'change alice online',
      'online alice online',
      'change alice busy',
      'change alice offline',
      'offline alice offline',
    ])
    expect(previous).toEqual(['offline online', 'online busy', 'busy offline'])
    expect(sessions).toEqual([
      `open alice ${one.session}`,
      `open alice ${two.session}`,
      `close alice ${one.session}`,
      `close alice ${two.session}`,
    ])
  })

  test('off stops a listener, and that one alone', async () => {
    const { server, open } = createServerWorld()
    const calls: string[] = []
    const first = server.on('online', () => calls.push('first'))
    server.on('online', () => calls.push('second'))
    first()
    first()
    await open('alice')
    expect(calls).toEqual(['second'])
  })

  test('listeners that throw or reject harm nobody, and are told of with their stage', async () => {
    const { server, errors, open, clock } = createServerWorld()
    const calls: string[] = []
    server.on('change', () => {
      throw new Error('thrown')
    })
    server.on('change', (): unknown => Promise.reject(new Error('rejected')))
    server.on('change', () => calls.push('called'))
    server.on('session:open', () => {
      throw new Error('at the opening')
    })
    const bob = await open('bob')
    const alice = await open('alice')
    await alice.say(GOODBYE)
    await clock.advance(100)
    expect(calls).toEqual(['called', 'called', 'called'])
    expect(bob.statusesOf('alice')).toEqual(['offline', 'online', 'offline'])
    expect(new Set(errors)).toEqual(
      new Set(['listener: Error: thrown', 'listener: Error: rejected', 'listener: Error: at the opening']),
    )
  })

  test('a listener of errors that throws, and a logger that throws, harm nobody either', async () => {
    const world = createServerWorld({
      logger: {
        warn() {},
        error() {
          throw new Error('disk full')
        },
      },
    })
    world.server.on('error', () => {
      throw new Error('again')
    })
    world.contacts.mode = 'reject'
    const alice = await world.open('alice')
    expect(alice.errorCodes()).toEqual(['UNAVAILABLE'])
    world.contacts.mode = 'open'
    await alice.say({ type: 'fetch', users: ['bob'], ref: 2 })
    expect(alice.statusesOf('bob')).toEqual(['offline'])
  })

  test('an error that nobody listens to, and one that cannot be printed, throw nowhere', async () => {
    const logged: string[] = []
    const { open, clock } = createServerWorld({
      logger: { warn() {}, error: (message) => logged.push(message) },
      authenticate: () => {
        throw Object.create(null)
      },
    })
    const peer = await open('alice')
    await clock.settle()
    expect(peer.closed?.code).toBe(1011)
  })

  test('listeners may use the server: no transition is lost or doubled', async () => {
    const { server, events, open } = createServerWorld()
    server.on('online', ({ userId }) => void server.setStatus(userId, 'busy', { text: 'set by a listener' }))
    const bob = await open('bob')
    await open('alice')
    expect(bob.toldOf('alice').at(-1)).toEqual({ user: 'alice', status: 'busy', text: 'set by a listener' })
    expect(events.filter((event) => event.startsWith('online'))).toEqual([
      'online bob online',
      'online alice online',
    ])
  })
})

describe('close', () => {
  test('clients are sent away with 1012 and a time, spread over the drain window', async () => {
    const { server, clock, open } = createServerWorld()
    const peers = []
    for (let index = 0; index < 20; index++) peers.push(await open('alice'))
    const closing = server.close({ drainMs: 10_000 })
    expect(server.health()).toMatchObject({ live: true, ready: false, reasons: ['closing'] })
    await clock.advance(100)
    await closing
    const times = peers.map(({ closed }) => {
      expect(closed?.code).toBe(1012)
      const [name, time] = (closed?.reason ?? '').split(' ')
      expect(name).toBe('RESTART')
      return Number(time)
    })
    expect(Math.min(...times)).toBeLessThan(2_000)
    expect(Math.max(...times)).toBeGreaterThan(8_000)
    expect(Math.max(...times)).toBeLessThanOrEqual(10_000)
    expect(server.health().connections).toBe(0)
  })

  test('twice gives the same end, and nothing is left to wake anybody', async () => {
    const { server, clock, open } = createServerWorld()
    const alice = await open('alice')
    await settled(clock, server.setStatus('alice', 'busy', { expiresInMs: 60_000 }))
    const first = server.close()
    expect(server.close({ drainMs: 5_000 })).toBe(first)
    await clock.advance(50)
    await first
    expect(alice.closed?.code).toBe(1012)
    expect(clock.pending()).toBe(0)
    await server.close()
  })

  test('L5: clients that do not answer hold it up for two seconds at most', async () => {
    const { server, clock, open } = createServerWorld()
    const deaf = await open('alice')
    deaf.link.cut()
    let closedAt = 0
    const from = clock.now()
    void server.close().then(() => (closedAt = clock.now()))
    await clock.advance(2_100)
    expect(closedAt - from).toBeGreaterThan(1_900)
    expect(closedAt - from).toBeLessThanOrEqual(2_050)
    expect(deaf.link.server?.readyState).toBe(3)
    expect(clock.pending()).toBe(0)
  })

  test.each(['hangs', 'rejects', 'throws'])('a storage whose close %s holds it up no longer', async (how) => {
    const errors: string[] = []
    const { server, clock } = createServerWorld({
      storage: {
        recoveryMs: 0,
        read: () => new Promise(() => {}),
        swap: () => new Promise(() => {}),
        close: () => {
          if (how === 'throws') throw new Error('no')
          return how === 'hangs' ? new Promise(() => {}) : Promise.reject(new Error('no'))
        },
      },
    })
    server.on('error', (error, { stage }) => errors.push(`${stage}: ${String(error)}`))
    let closed = false
    void server.close().then(() => (closed = true))
    await clock.advance(2_100)
    expect(closed).toBe(true)
    expect(errors).toEqual(how === 'hangs' ? [] : ['storage: Error: no'])
  })

  test('what was asked of a silent storage is answered with CLOSED', async () => {
    const { server, clock, storage } = createServerWorld()
    storage.mode = 'silent'
    const asked = faultOf(() => server.get(['alice']))
    const set = faultOf(() => server.setStatus('alice', 'busy'))
    await clock.settle()
    const closing = server.close()
    await clock.advance(2_100)
    await closing
    expect([(await asked).code, (await set).code]).toEqual(['CLOSED', 'CLOSED'])
  })

  test('after it every call is refused with CLOSED, and late answers change nothing', async () => {
    const { server, clock, storage, open, events } = createServerWorld()
    await open('alice')
    storage.mode = 'hold'
    void server.setStatus('alice', 'busy').catch(() => {})
    await clock.settle()
    const closing = server.close()
    await clock.advance(100)
    await closing
    const told = events.length
    storage.release()
    await clock.advance(1_000)
    expect(events).toHaveLength(told)
    for (const call of [
      () => server.get(['alice']),
      () => server.setStatus('alice', 'busy'),
      () => server.disconnectUser('alice'),
      () => server.invalidateContacts('alice'),
      () => server.attach({ on() {}, off() {} }, { path: '/' }),
    ]) {
      expect((await faultOf(call)).code).toBe('CLOSED')
    }
  })

  test('who connects while it closes, and after, is sent on at once', async () => {
    const { server, clock, open, connect } = createServerWorld()
    const deaf = await open('bob')
    deaf.link.cut()
    const closing = server.close()
    await clock.settle()
    const during = await connect()
    await clock.settle()
    expect(during.closed?.code).toBe(1012)
    await clock.advance(2_100)
    await closing
    const after = await connect()
    await clock.settle()
    expect(after.closed?.code).toBe(1012)
    expect(server.health().connections).toBe(0)
    expect(clock.pending()).toBe(0)
  })

  test('L5: drained, nobody is told that anybody went', async () => {
    const { server, clock, open, events } = createServerWorld()
    const bob = await open('bob')
    await open('alice')
    bob.clear()
    const told = events.length
    const closing = server.close({ drainMs: 20_000 })
    await clock.advance(100)
    await closing
    expect([bob.texts, events.length]).toEqual([[], told])
  })
})

describe('attach', () => {
  const { server } = createServerWorld()
  test.each<[string, unknown, unknown]>([
    ['path', { on() {}, off() {} }, {}],
    ['path', { on() {}, off() {} }, { path: 'no-slash' }],
    ['userOf', { on() {}, off() {}, handleUpgrade() {}, shouldHandle() {} }, { mode: 'shared' }],
  ])('CONFIG where %s is missing or wrong', async (option, target, options) => {
    const fault = await faultOf(() => server.attach(target as never, options as never))
    expect([fault.code, fault.message.split(':')[0]]).toEqual(['CONFIG', option])
  })
})
