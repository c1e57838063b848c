/** What stands before an adapter that may hang or be down. */
import { describe, expect, it, test } from 'vitest'
import { isPromise } from '../../src/core/awaitable.ts'
import { PresenceError } from '../../src/core/errors.ts'
import { createGuard } from '../../src/server/contacts/guard.ts'
import { createFakeClock } from '../../src/testing/index.ts'

const TIMEOUT = 500
const REST = 1_000
const FAULT = new Error('no database')

type Answer = () => unknown

function createWorld(timeoutMs = TIMEOUT) {
  const clock = createFakeClock()
  const guard = createGuard('contacts', timeoutMs, clock)
  const world = {
    clock,
    asked: 0,
    /** What comes of a question: a value, or the code or the error itself. */
    async ask(answer: Answer): Promise<unknown> {
      try {
        return await guard(() => {
          world.asked++
          return answer()
        })
      } catch (error) {
        return error instanceof PresenceError ? error.code : error
      }
    },
    sync: guard,
    async fail(times: number, answer: Answer = throws): Promise<void> {
      for (let time = 0; time < times; time++) expect(await world.ask(answer)).not.toBe('UNAVAILABLE')
    },
  }
  return world
}
const throws = (): never => {
  throw FAULT
}
const rejects = () => Promise.reject(FAULT)
const answers = () => 'answer'
const later = () => Promise.resolve('answer')
const hangs = () => new Promise(() => {})
const failing: [string, Answer][] = [
  ['throws', throws],
  ['rejects', rejects],
  [
    'gives an error of ours that says it is down',
    () => {
      throw new PresenceError('UNAVAILABLE', 'down')
    },
  ],
]

describe('time', () => {
  it('an answer that is there is given at once, and sets no timer', () => {
    const { sync, clock } = createWorld()
    expect(sync(answers)).toBe('answer')
    expect(clock.pending()).toBe(0)
  })

  it('an answer that does not come in time is TIMEOUT, to the millisecond, and leaves no timer', async () => {
    const { ask, clock } = createWorld()
    let result: unknown
    void ask(hangs).then((found) => (result = found))
    await clock.advance(TIMEOUT - 1)
    expect([result, clock.pending()]).toEqual([undefined, 1])
    await clock.advance(1)
    expect([result, clock.pending()]).toEqual(['TIMEOUT', 0])
  })

  it('what comes or fails after its time is nobody’s trouble', async () => {
    const { sync, ask, clock } = createWorld()
    let reject: (error: unknown) => void = () => {}
    const result = ask(() => new Promise((_, no) => (reject = no)))
    await clock.advance(TIMEOUT)
    expect(await result).toBe('TIMEOUT')
    reject(FAULT)
    await clock.settle()
    expect(sync(answers)).toBe('answer')
  })

  it('0 sets no limit', async () => {
    const { sync, clock } = createWorld(0)
    const answer = sync(hangs)
    expect([isPromise(answer), clock.pending()]).toEqual([true, 0])
    await clock.advance(3_600_000)
    expect(await Promise.race([answer, Promise.resolve('waits')])).toBe('waits')
  })

  it('leaves no timer behind an answer or a failure', async () => {
    const { ask, clock } = createWorld()
    expect([await ask(later), await ask(rejects)]).toEqual(['answer', FAULT])
    expect(clock.pending()).toBe(0)
  })
})

describe('failures', () => {
  test.each(failing)('after five in a row nothing is asked for a second (%s)', async (_, answer) => {
    const world = createWorld()
    for (let time = 0; time < 5; time++) await world.ask(answer)
    expect(world.asked).toBe(5)
    await world.clock.advance(REST - 1)
    expect(await world.ask(answers)).toBe('UNAVAILABLE')
    expect(world.asked).toBe(5)
    await world.clock.advance(1)
    expect(await world.ask(answers)).toBe('answer')
    expect(world.asked).toBe(6)
  })

  it('four in a row are none, and an answer begins the count anew', async () => {
    const world = createWorld()
    for (let round = 0; round < 5; round++) {
      await world.fail(4)
      expect(await world.ask(round % 2 ? answers : later)).toBe('answer')
    }
    expect(world.asked).toBe(25)
  })

  it('questions that hang count as well', async () => {
    const world = createWorld()
    const results = Array.from({ length: 5 }, () => world.ask(hangs))
    await world.clock.advance(TIMEOUT)
    expect(await Promise.all(results)).toEqual(Array.from({ length: 5 }, () => 'TIMEOUT'))
    expect(await world.ask(answers)).toBe('UNAVAILABLE')
  })

  test.each(['BAD_ID', 'CONFIG'] as const)(
    '%s is none: what it gave was wrong, so it is there',
    async (code) => {
      const world = createWorld()
      const wrong = () => Promise.reject(new PresenceError(code, 'wrong'))
      for (let time = 0; time < 20; time++) expect(await world.ask(wrong)).toBe(code)
      await world.fail(4)
      expect(await world.ask(wrong)).toBe(code)
      await world.fail(4)
      expect(await world.ask(answers)).toBe('answer')
    },
  )
})

describe('after the rest', () => {
  const down = async () => {
    const world = createWorld()
    await world.fail(5)
    await world.clock.advance(REST)
    return world
  }

  it('one question tries, and the others are refused while it is under way', async () => {
    const world = await down()
    const trial = world.ask(hangs)
    for (let time = 0; time < 3; time++) expect(await world.ask(answers)).toBe('UNAVAILABLE')
    expect(world.asked).toBe(6)
    await world.clock.advance(TIMEOUT)
    expect(await trial).toBe('TIMEOUT')
  })

  it('one failure is enough for another rest, which counts from that failure on', async () => {
    const world = await down()
    const trial = world.ask(hangs)
    await world.clock.advance(TIMEOUT)
    expect(await trial).toBe('TIMEOUT')
    await world.clock.advance(REST - 1)
    expect(await world.ask(answers)).toBe('UNAVAILABLE')
    await world.clock.advance(1)
    expect(await world.ask(answers)).toBe('answer')
  })

  test.each<[string, Answer, unknown]>([
    ['an answer', answers, 'answer'],
    ['a late answer', later, 'answer'],
    ['BAD_ID', () => Promise.reject(new PresenceError('BAD_ID', 'wrong')), 'BAD_ID'],
  ])('%s opens it to all at once', async (_, answer, result) => {
    const world = await down()
    expect(await world.ask(answer)).toBe(result)
    for (let time = 0; time < 3; time++) expect(await world.ask(answers)).toBe('answer')
    await world.fail(4)
    expect(await world.ask(answers)).toBe('answer')
  })

  it('an adapter whose trial hangs without a time limit is tried again each second', async () => {
    const world = createWorld(0)
    await world.fail(5)
    for (let trial = 1; trial <= 3; trial++) {
      await world.clock.advance(REST)
      void world.ask(hangs)
      expect(await world.ask(answers)).toBe('UNAVAILABLE')
      expect(world.asked).toBe(5 + trial)
    }
  })
})
