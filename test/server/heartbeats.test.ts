/** Whose heartbeats go out together: of many who came together those who follow each other in memory, of few nobody. */
import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/core/limits.ts'
import { resolveTiming } from '../../src/core/timing.ts'
import type { NodeAction } from '../../src/server/machine.ts'
import { step } from '../../src/server/node.ts'
import { createNode, type NodeConfig } from '../../src/server/state.ts'

const timing = resolveTiming({}, 0)
const limits = { ...DEFAULT_LIMITS, admissionsPerSecond: 0 }
const HELLO = '{"type":"hello","version":1}'
const ROUNDS = 5

/** The connections that beat at each waking, for so many rounds after all came at once. */
function beatsOf(count: number): number[][] {
  const config = { timing, limits, address: 'node', writer: 0, shared: false } as NodeConfig
  const node = createNode(config, 0, 0)
  const out: NodeAction[] = []
  for (let connection = 1; connection <= count; connection++) {
    const identity = { userId: `user${connection}` }
    step(node, { type: 'open', connection, session: `session${connection}`, identity }, 0, out)
    step(node, { type: 'frame', connection, frame: HELLO }, 0, out)
  }
  const wakings: number[][] = []
  while (node.wakeAt < ROUNDS * timing.intervalMs) {
    const now = node.wakeAt
    const sent: NodeAction[] = []
    step(node, { type: 'wake' }, now, sent)
    const beats = sent.flatMap((action) => (action.type === 'send' ? [action.connection] : []))
    for (const connection of beats)
      step(node, { type: 'frame', connection, frame: '{"type":"heartbeat"}' }, now, out)
    if (beats.length > 0) wakings.push(beats)
  }
  return wakings
}

/** How often one who beats is followed by the next who came. */
function partInOrder(wakings: readonly number[][]): number {
  const pairs = wakings.flatMap((beats) => beats.slice(1).map((beat, index) => beat - (beats[index] ?? 0)))
  return pairs.filter((gap) => gap === 1).length / wakings.flat().length
}

test('of many who came at once neighbours beat together, round after round, and all of them never', () => {
  const wakings = beatsOf(4_000)
  // Of 32 all but the first follow their neighbour; a fourth of them came before there were many.
  expect(partInOrder(wakings)).toBeGreaterThan(0.7)
  expect(Math.max(...wakings.map(({ length }) => length))).toBeLessThan(4_000 / 10)
  expect(wakings.flat().length).toBeGreaterThanOrEqual((ROUNDS - 1) * 4_000)
})

test('few beat each for themself', () => {
  const wakings = beatsOf(500)
  expect(partInOrder(wakings)).toBeLessThan(0.1)
  expect(Math.max(...wakings.map(({ length }) => length))).toBeLessThan(500 / 20)
})
