import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clientHeartbeatDueAt,
  createClientHeartbeat,
  createServerHeartbeat,
  noteLife,
  serverHeartbeatDueAt,
  stepClientHeartbeat,
  stepServerHeartbeat,
} from '../../src/core/heartbeat.ts'

const T = 60_000
const H = 20_000
const Tc = 30_000
const timing = { timeoutMs: T, intervalMs: H }
const MIDDLE = 0.5
/** The moment that a judge gives the input to drain after a stall. */
const REPRIEVE_MS = T / 60

const createServer = (now = 0) => createServerHeartbeat(now, H, MIDDLE)
const step = (state: ReturnType<typeof createServer>, now: number) =>
  stepServerHeartbeat(state, now, timing, MIDDLE)

describe('the server’s end', () => {
  it('beats about every H: spread by a tenth to either side', () => {
    expect(createServerHeartbeat(1_000, H, 0).beatAt).toBe(1_000 + 18_000)
    expect(createServerHeartbeat(1_000, H, MIDDLE).beatAt).toBe(1_000 + 20_000)
    expect(createServerHeartbeat(1_000, H, 0.999_999).beatAt).toBeCloseTo(1_000 + 22_000, 0)
  })

  it('waits, beats when it is time, and waits for the next', () => {
    const state = createServer()
    expect(step(state, 19_999)).toBe('wait')
    expect(step(state, 20_000)).toBe('beat')
    expect(step(state, 20_000)).toBe('wait')
    expect(serverHeartbeatDueAt(state, T)).toBe(40_000)
    expect(step(state, 40_000)).toBe('beat')
  })

  it('counts what was not answered, until a frame comes', () => {
    const state = createServer()
    step(state, 20_000)
    step(state, 40_000)
    expect(state.unanswered).toBe(2)
    noteLife(state, 40_100)
    expect(state.unanswered).toBe(0)
    expect(state.lastLifeAt).toBe(40_100)
  })

  it('S1: takes a session for expired at T after its last sign of life, and not before', () => {
    const state = createServer()
    noteLife(state, 5_000)
    step(state, 20_000)
    step(state, 40_000)
    step(state, 60_000)
    expect(serverHeartbeatDueAt(state, T)).toBe(65_000)
    expect(step(state, 64_999)).toBe('wait')
    expect(step(state, 65_000)).toBe('expired')
  })

  it('S2: gives unread input a moment after a stall, and a frame in it saves the session', () => {
    const state = createServer()
    state.beatAt = Number.POSITIVE_INFINITY
    expect(step(state, 3 * T)).toBe('wait')
    expect(serverHeartbeatDueAt(state, T)).toBe(3 * T + REPRIEVE_MS)
    noteLife(state, 3 * T)
    expect(serverHeartbeatDueAt(state, T)).toBe(4 * T)
    expect(step(state, 3 * T + REPRIEVE_MS)).toBe('wait')
    expect(step(state, 4 * T)).toBe('expired')
  })

  it('S1: ends the session when the moment after a stall passes without a frame', () => {
    const state = createServer()
    state.beatAt = Number.POSITIVE_INFINITY
    step(state, 3 * T)
    expect(step(state, 3 * T + REPRIEVE_MS - 1)).toBe('wait')
    expect(step(state, 3 * T + REPRIEVE_MS)).toBe('expired')
  })

  it('S1: gives no second moment for the same silence, even to a judge that stalls again', () => {
    const state = createServer()
    step(state, 3 * T)
    expect(step(state, 9 * T)).toBe('expired')
  })

  it('S2: sees a stall by its late heartbeat, where it ends just when the session would', () => {
    const state = createServer()
    expect(step(state, T)).toBe('beat')
    expect(step(state, T + REPRIEVE_MS - 1)).toBe('wait')
    noteLife(state, T + REPRIEVE_MS - 1)
    expect(step(state, T + REPRIEVE_MS)).toBe('wait')
  })

  it('takes an ordinary delay of a timer for none', () => {
    const state = createServer()
    state.beatAt = Number.POSITIVE_INFINITY
    expect(step(state, T + REPRIEVE_MS)).toBe('expired')
  })

  it('beats in the moment after a stall as well', () => {
    const state = createServer()
    expect(step(state, 3 * T)).toBe('beat')
  })

  it('S2: never expires whoever gave a sign within T, however late the judge', () => {
    const silence = fc.integer({ min: 0, max: T - 1 })
    const stall = fc.oneof(fc.integer({ min: 0, max: 10 * T }), fc.integer({ min: 0, max: 2 * REPRIEVE_MS }))
    fc.assert(
      fc.property(fc.array(fc.tuple(silence, stall), { maxLength: 30 }), (rounds) => {
        const state = createServer()
        let now = 0
        for (const [quiet, late] of rounds) {
          now += quiet
          expect(step(state, now)).not.toBe('expired')
          // The judge is frozen here; the answer waits in the input and is read right after its late timer.
          now += late
          const lateMs = now - Math.min(state.lastLifeAt + T, state.beatAt)
          if (step(state, now) === 'expired') expect(lateMs).toBeLessThanOrEqual(REPRIEVE_MS)
          noteLife(state, now)
        }
      }),
    )
  })

  it('S1: expires whoever is silent within T and two moments, whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: REPRIEVE_MS }), { minLength: 200, maxLength: 200 }),
        (gaps) => {
          const state = createServer()
          let now = 0
          for (let index = 0; ; index++) {
            now += gaps[index % gaps.length] ?? 1
            if (step(state, now) === 'expired') break
          }
          expect(now).toBeGreaterThanOrEqual(T)
          expect(now).toBeLessThanOrEqual(T + REPRIEVE_MS)
        },
      ),
    )
  })

  it('asks to be asked no later than it has something to say', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 2 * T }))), (events) => {
        const state = createServer()
        let now = 0
        for (const [life, pause] of events) {
          const dueAt = serverHeartbeatDueAt(state, T)
          now += pause
          if (life) noteLife(state, now)
          else if (now < dueAt) expect(step(state, now)).toBe('wait')
          else if (step(state, now) === 'expired') return
        }
      }),
    )
  })
})

describe('the client’s end', () => {
  it('holds the server dead at Tc after its last frame, and not before', () => {
    const state = createClientHeartbeat(1_000)
    noteLife(state, 2_000)
    expect(clientHeartbeatDueAt(state, Tc)).toBe(32_000)
    expect(stepClientHeartbeat(state, 31_999, Tc)).toBe('wait')
    expect(stepClientHeartbeat(state, 32_000, Tc)).toBe('dead')
  })

  it('S10: reads first what came while the page was frozen', () => {
    const state = createClientHeartbeat(0)
    expect(stepClientHeartbeat(state, 3_600_000, Tc)).toBe('wait')
    noteLife(state, 3_600_000)
    expect(stepClientHeartbeat(state, 3_600_000 + Tc - 1, Tc)).toBe('wait')
  })

  it('holds the server dead when nothing came while the page was frozen', () => {
    const state = createClientHeartbeat(0)
    stepClientHeartbeat(state, 3_600_000, Tc)
    const dueAt = clientHeartbeatDueAt(state, Tc)
    expect(dueAt).toBe(3_600_000 + Tc / 60)
    expect(stepClientHeartbeat(state, dueAt, Tc)).toBe('dead')
  })
})
