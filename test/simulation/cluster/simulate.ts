/** Runs worlds of several nodes: one from a setup and a script, or one from a seed. */
import { destroy } from '../device.ts'
import { PromiseBroken } from '../promises.ts'
import * as searching from '../search.ts'
import { checkEnd, checkStep } from './checks.ts'
import { isRunning } from './node.ts'
import { healAll, type Operation, perform, scripts, type Step } from './operations.ts'
import { type Setup, setups } from './setup.ts'
import { breaks, createWorld, startNodes, type World } from './world.ts'

export type Run = searching.Run<Setup, Step>
export type Failure = searching.Failure<Setup, Step>

/** No time passes unchecked for longer than this part of the timeout. */
const CHECKED_EVERY = 1 / 8

/** Runs one world. @throws {@link PromiseBroken} */
export async function play({ setup, script }: Run, trace: (line: string) => void = ignore): Promise<void> {
  const isTraced = trace !== ignore
  const world = createWorld(setup, (line) => {
    if (isTraced) trace(line())
  })
  await startNodes(world)
  for (const step of script) {
    if (isTraced) trace(`── ${showStep(step)}`)
    perform(world, step.operation)
    const { flushMs, timeoutMs } = world.durations
    await pass(world, step.ms + Math.round(step.flushes * flushMs) + Math.round(step.timeouts * timeoutMs))
  }
  if (isTraced) trace('── all faults end')
  await heal(world)
  if (isTraced) trace('── everything ends')
  await end(world)
}

/** Lets time pass, looking at everything at least eight times a timeout. */
async function pass(world: World, ms: number): Promise<void> {
  const most = world.durations.timeoutMs * CHECKED_EVERY
  await world.clock.settle()
  look(world)
  for (let left = ms; left > 0; left -= most) {
    await world.clock.advance(Math.min(left, most))
    look(world)
  }
}

function look(world: World): void {
  checkStep(world)
  if (world.broken instanceof PromiseBroken) throw world.broken
}

/** A client's back-off, a connect that hangs, a request that is asked again: the longest ways back, one after the other. */
const RETURN_MS = 130_000

/** Everybody is back, and everything has been compared. */
async function heal(world: World): Promise<void> {
  const { devices, network, durations } = world
  // Bus messages are doubled and reordered: all that told something comes once more, the newest first.
  for (const deliver of [...world.messages].reverse()) deliver()
  await world.clock.settle()
  look(world)
  healAll(world)
  for (const { process } of devices) process.thaw()
  network.healAll()
  network.delayMs = 5
  for (const link of network.links) link.delayMs = 5
  const { timeoutMs, compareMs, recoveryHoldMs } = durations
  await pass(world, RETURN_MS + 2 * timeoutMs + 3 * compareMs + recoveryHoldMs)
  await checkEnd(world)
  look(world)
}

async function end(world: World): Promise<void> {
  const { devices, nodes, clock, network } = world
  for (const device of devices) destroy(device)
  await clock.advance(1_000)
  const running = nodes.filter(isRunning)
  for (const node of running) if (node.phase === 'up') node.phase = 'closing'
  await Promise.all([...running.map(({ presence }) => presence.close()), clock.advance(40_000)])
  if (network.links.length > 0) breaks(world, 'TIDY', `${network.links.length} connections are left`)
  if (clock.pending() > 0) breaks(world, 'TIDY', `${clock.pending()} timers are left`)
  if (world.broken instanceof PromiseBroken) throw world.broken
}

/** Runs the world of a seed. `null`: every promise was kept. */
export function simulate(seed: number, options?: searching.SearchOptions): Promise<Failure | null> {
  return searching.search(seed, setups, scripts, play, options)
}

/** A failure in words. */
export function report(failure: Failure, mutant?: string): string {
  return searching.describeFailure(failure, showStep, replayCommand(failure.seed, mutant))
}

/** What repeats a run, with the trace of its smallest form. */
export function replayCommand(seed: number, mutant?: string): string {
  return `npm run simulate -- --nodes --seed ${seed}${mutant === undefined ? '' : ` --mutant ${mutant}`}`
}

function showStep({ operation, ms, flushes, timeouts }: Step): string {
  const { type, ...rest }: Operation = operation
  const waits = [ms > 0 && `${ms} ms`, flushes > 0 && `${flushes} F`, timeouts > 0 && `${timeouts} T`].filter(
    Boolean,
  )
  return `${type} ${JSON.stringify(rest)}${waits.length > 0 ? `, then ${waits.join(' + ')}` : ''}`
}

function ignore(): void {
  // Nobody reads the trace.
}
