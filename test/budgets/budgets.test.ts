/**
 * The guard of the hot paths. Counts, not times: they are the same on a busy machine. The bounds leave four hundredths of room
 * above what was measured; one object more for each recipient is beyond that.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const RUN = fileURLToPath(new URL('./run.mjs', import.meta.url))
/**
 * No collection falls into a measurement, so the growth of the heap is what was allocated; and the code is not compiled: that
 * would leave out some objects, and others the next time, and what is compiled takes room itself. As shipped and optimised it is
 * half as much.
 */
const FLAGS = [
  '--expose-gc',
  '--no-opt',
  '--no-sparkplug',
  '--no-flush-bytecode',
  '--min-semi-space-size=512',
  '--max-semi-space-size=512',
]
/** How large an object is differs from engine to engine. */
const isMeasuredEngine = process.versions.node.startsWith('20.')

type Costs = Record<
  'notification' | 'loneTransition' | 'heartbeat' | 'snapshotRecord',
  Record<'bytes' | 'frames' | 'questions', number>
>

let costs: Costs | undefined

function measured(): Costs {
  if (costs) return costs
  const { stdout, stderr } = spawnSync(process.execPath, [...FLAGS, RUN], { encoding: 'utf8' })
  if (stdout === '') throw new Error(stderr)
  costs = JSON.parse(stdout) as Costs
  process.stdout.write(`${stdout}\n`)
  return costs
}

/**
 * Measured on Node 20: 475, 135,600 to 142,100, 2,330 and 423. Code that is read late makes the lone transition vary; an object
 * more for each recipient shows in the first.
 */
test.skipIf(!isMeasuredEngine).each([
  ['notification', 481],
  ['loneTransition', 148_000],
  ['heartbeat', 2_425],
  ['snapshotRecord', 440],
] as const)('of a %s no more than %i bytes are allocated (Node 20)', { timeout: 60_000 }, (name, most) => {
  expect(measured()[name].bytes).toBeLessThan(most)
})

test('all that changes at once goes out in a frame or two a socket, beside what each is told of themself', () => {
  expect(measured().notification.frames).toBeLessThan(3 / 99)
})

test('a lone transition of a user with a hundred contacts is a hundred frames and one more, and one look-up of contacts', () => {
  const { frames, questions } = measured().loneTransition
  expect(Math.round(frames)).toBe(101)
  expect(Math.round(questions)).toBe(1)
})

test('a heartbeat asks nobody anything, and is one frame', () => {
  const { frames, questions } = measured().heartbeat
  expect(frames).toBe(1)
  expect(questions).toBe(0)
})

test('a snapshot of a hundred is one frame and one look-up', () => {
  const { frames, questions } = measured().snapshotRecord
  expect(frames * 100).toBeCloseTo(1, 1)
  expect(questions * 100).toBeCloseTo(1, 1)
})
