import { describe, expect, it } from 'vitest'
import { createPace } from '../../src/server/attach/pace.ts'

/** A turn of the loop, by hand. */
function turns() {
  const deferred: (() => void)[] = []
  return {
    defer: (callback: () => void) => void deferred.push(callback),
    turn() {
      for (const callback of deferred.splice(0)) callback()
    },
    isIdle: () => deferred.length === 0,
  }
}

describe('the pace of what comes all at once', () => {
  it('does what is little at once, and asks for no more turns than it needs', () => {
    const loop = turns()
    const pace = createPace(loop, 3)
    const done: number[] = []
    for (const work of [1, 2, 3]) pace(() => done.push(work))
    expect(done).toEqual([1, 2, 3])
    loop.turn()
    expect(loop.isIdle()).toBe(true)
    pace(() => done.push(4))
    expect(done).toEqual([1, 2, 3, 4])
  })

  it('does so much in a turn, in the order in which it came, whatever comes meanwhile', () => {
    const loop = turns()
    const pace = createPace(loop, 3)
    const done: number[] = []
    for (const work of [1, 2, 3, 4, 5, 6, 7]) pace(() => done.push(work))
    expect(done).toEqual([1, 2, 3])
    loop.turn()
    expect(done).toEqual([1, 2, 3, 4, 5, 6])
    pace(() => done.push(8))
    expect(done).toHaveLength(6)
    loop.turn()
    expect(done).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    loop.turn()
    expect(loop.isIdle()).toBe(true)
  })

  it('goes on behind work that throws', () => {
    const loop = turns()
    const pace = createPace(loop, 2)
    const done: number[] = []
    for (const work of [1, 2]) pace(() => done.push(work))
    pace(() => {
      throw new Error('as work may')
    })
    pace(() => done.push(3))
    expect(loop.turn).toThrow('as work may')
    loop.turn()
    expect(done).toEqual([1, 2, 3])
  })
})
