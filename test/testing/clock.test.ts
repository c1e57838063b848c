import { describe, expect, it, vi } from 'vitest'
import { createFakeClock } from '../../src/testing/clock.ts'
import { createRandom } from '../../src/testing/random.ts'
import { createTimerQueue } from '../../src/testing/timer-queue.ts'

describe('createFakeClock', () => {
  it('stands still by itself, at a start that is not 0', () => {
    const clock = createFakeClock()
    expect(clock.now()).not.toBe(0)
    expect(clock.now()).toBe(clock.now())
  })

  it('runs what falls due in order of time, then of insertion, each at its instant', async () => {
    const clock = createFakeClock()
    const start = clock.now()
    const ran: [string, number][] = []
    const note = (name: string) => () => ran.push([name, clock.now() - start])
    clock.setTimer(20, note('c'))
    clock.setTimer(10, note('a'))
    clock.setTimer(10, note('b'))
    clock.setTimer(31, note('too late'))
    await clock.advance(30)
    expect(ran).toEqual([
      ['a', 10],
      ['b', 10],
      ['c', 20],
    ])
    expect(clock.now() - start).toBe(30)
  })

  it('runs what is added on the way', async () => {
    const clock = createFakeClock()
    const ran: string[] = []
    clock.setTimer(10, () => {
      ran.push('first')
      clock.setTimer(10, () => ran.push('second'))
    })
    await clock.advance(20)
    expect(ran).toEqual(['first', 'second'])
  })

  it('defers to the same instant, behind what waits there already', async () => {
    const clock = createFakeClock()
    const start = clock.now()
    const ran: string[] = []
    clock.setTimer(10, () => {
      clock.defer(() => ran.push(`deferred at ${clock.now() - start}`))
      ran.push('one')
    })
    clock.setTimer(10, () => ran.push('two'))
    await clock.advance(10)
    expect(ran).toEqual(['one', 'two', 'deferred at 10'])
  })

  it('never defers into the call itself', () => {
    const clock = createFakeClock()
    const callback = vi.fn()
    clock.defer(callback)
    expect(callback).not.toHaveBeenCalled()
    clock.run(0)
    expect(callback).toHaveBeenCalledOnce()
  })

  it('runs promise jobs between callbacks, however long their chain', async () => {
    const clock = createFakeClock()
    const ran: string[] = []
    const chain = async (): Promise<void> => {
      for (let job = 0; job < 1_000; job++) await Promise.resolve()
      ran.push('jobs of the first')
    }
    clock.setTimer(1, () => void chain())
    clock.setTimer(1, () => ran.push('second'))
    await clock.advance(1)
    expect(ran).toEqual(['jobs of the first', 'second'])
  })

  it('takes in what a promise job adds before it moves on', async () => {
    const clock = createFakeClock()
    const start = clock.now()
    const at: number[] = []
    void Promise.resolve().then(() => clock.setTimer(5, () => at.push(clock.now() - start)))
    await clock.advance(100)
    expect(at).toEqual([5])
  })

  it('run: runs the same without promise jobs', () => {
    const clock = createFakeClock()
    const ran: string[] = []
    clock.setTimer(2, () => {
      void Promise.resolve().then(() => ran.push('job'))
      ran.push('timer')
      clock.setTimer(1, () => ran.push('next'))
    })
    clock.run(3)
    expect(ran).toEqual(['timer', 'next'])
  })

  it('settle: runs what is due now and lets no time pass', async () => {
    const clock = createFakeClock()
    const start = clock.now()
    const ran: string[] = []
    clock.setTimer(0, () => ran.push('now'))
    clock.setTimer(1, () => ran.push('later'))
    await clock.settle()
    expect(ran).toEqual(['now'])
    expect(clock.now()).toBe(start)
  })

  it('cancels, also from a callback of the same instant', async () => {
    const clock = createFakeClock()
    const callback = vi.fn()
    const cancel = clock.setTimer(10, callback)
    clock.setTimer(5, () => cancel())
    const cancelSecond = clock.setTimer(20, callback)
    const ran = vi.fn()
    clock.setTimer(20, ran)
    cancelSecond()
    cancelSecond()
    await clock.advance(30)
    expect(callback).not.toHaveBeenCalled()
    expect(ran).toHaveBeenCalledOnce()
  })

  it('fires no timer before its delay has passed, whatever the fraction', async () => {
    const clock = createFakeClock()
    const start = clock.now()
    const late: number[] = []
    for (const delay of [0.1, 1.000_000_1, 6_666.666_666, 1 / 3, -5, Number.NaN]) {
      clock.setTimer(delay, () => late.push(clock.now() - start - (delay > 0 ? delay : 0)))
    }
    await clock.advance(7_000)
    expect(late).toHaveLength(6)
    for (const lateness of late) expect(lateness >= 0 && lateness < 1).toBe(true)
  })

  it('stall: fires nothing while frozen, then all that is overdue, late and in order', async () => {
    const clock = createFakeClock()
    const start = clock.now()
    const ran: string[] = []
    clock.setTimer(20, () => ran.push(`b ${clock.now() - start}`))
    clock.setTimer(10, () => ran.push(`a ${clock.now() - start}`))
    clock.setTimer(101, () => ran.push('not yet'))
    await clock.stall(100)
    expect(ran).toEqual(['a 100', 'b 100'])
  })

  it('stall: keeps the order of many', async () => {
    const clock = createFakeClock()
    const random = createRandom(6)
    const ran: [number, number][] = []
    for (let index = 0; index < 200; index++) {
      const delay = random.integer(1, 20)
      clock.setTimer(delay, () => ran.push([delay, index]))
    }
    await clock.stall(100)
    expect(ran).toHaveLength(200)
    expect(ran).toEqual([...ran].sort(([a, first], [b, second]) => a - b || first - second))
  })

  it('stall: hands over what arrived after the late timers, and before what those deferred', async () => {
    const clock = createFakeClock()
    const ran: string[] = []
    clock.setArrival(10, () => ran.push('frame'))
    clock.setTimer(20, () => {
      ran.push('timer')
      clock.defer(() => ran.push('judged'))
    })
    clock.setTimer(30, () => ran.push('other timer'))
    await clock.stall(100)
    expect(ran).toEqual(['timer', 'other timer', 'frame', 'judged'])
  })

  it('stall: a late timer can cancel another', async () => {
    const clock = createFakeClock()
    const callback = vi.fn()
    clock.setTimer(10, () => cancel())
    const cancel = clock.setTimer(20, callback)
    await clock.stall(100)
    expect(callback).not.toHaveBeenCalled()
    expect(clock.pending()).toBe(0)
  })

  it('stepTime: moves the wall clock and nothing else', async () => {
    const clock = createFakeClock({ time: 1_000_000 })
    const start = clock.now()
    expect(clock.time()).toBe(1_000_000)
    clock.stepTime(-7_200_000)
    await clock.advance(500)
    expect(clock.time()).toBe(1_000_000 - 7_200_000 + 500)
    expect(clock.now()).toBe(start + 500)
  })

  it('pending: counts what waits, not what ran, was cancelled, or comes from outside', async () => {
    const clock = createFakeClock()
    clock.setTimer(1, () => undefined)
    clock.setTimer(50, () => undefined)
    clock.defer(() => undefined)
    clock.setArrival(50, () => undefined)
    clock.setTimer(50, () => undefined)()
    expect(clock.pending()).toBe(3)
    await clock.advance(1)
    expect(clock.pending()).toBe(1)
  })

  it('repeats its chance by the seed', () => {
    const draw = (seed: number): number[] => {
      const clock = createFakeClock({ seed })
      return [clock.random(), clock.random(), clock.random()]
    }
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })

  it('hands on what a callback throws, and goes on from there', async () => {
    const clock = createFakeClock()
    const after = vi.fn()
    clock.setTimer(1, () => {
      throw new Error('thrown')
    })
    clock.setTimer(2, after)
    await expect(clock.advance(5)).rejects.toThrow('thrown')
    await clock.advance(5)
    expect(after).toHaveBeenCalledOnce()
  })

  it('refuses to be moved by two at once', async () => {
    const clock = createFakeClock()
    const first = clock.advance(10)
    await expect(clock.advance(10)).rejects.toThrow('await the call before')
    expect(() => clock.run(1)).toThrow('await the call before')
    await first
    await clock.advance(10)
  })

  it('works under a test runner that fakes timers itself', async () => {
    vi.useFakeTimers()
    try {
      const clock = createFakeClock()
      const callback = vi.fn()
      clock.setTimer(10, callback)
      await clock.advance(10)
      expect(callback).toHaveBeenCalledOnce()
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('createTimerQueue', () => {
  it('gives back in order what was added and cancelled at random', () => {
    const random = createRandom(11)
    const queue = createTimerQueue()
    const entries = Array.from({ length: 20_000 }, () =>
      queue.add(random.integer(0, 500), () => undefined, false),
    )
    const kept = entries.filter((entry) => {
      const cancelled = random.chance(0.7)
      if (cancelled) queue.cancel(entry)
      return !cancelled
    })
    const taken = []
    for (let entry = queue.peek(); entry; entry = queue.peek()) {
      taken.push(entry)
      queue.cancel(entry)
    }
    expect(taken).toEqual(kept.sort((a, b) => a.dueAt - b.dueAt || a.sequence - b.sequence))
  })

  it('does not keep what is set and cancelled again and again', () => {
    const queue = createTimerQueue()
    const stays = queue.add(1, () => undefined, false)
    for (let round = 0; round < 100_000; round++) queue.cancel(queue.add(2, () => undefined, false))
    expect(queue.size()).toBeLessThan(3_000)
    expect(queue.peek()).toBe(stays)
  })
})
