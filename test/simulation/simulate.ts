/** Runs worlds: one from a setup and a script, or one from a seed. */
import { checkEnd, checkStep } from './checks.ts'
import { destroy } from './device.ts'
import { type Operation, perform, scripts, type Step } from './operations.ts'
import * as searching from './search.ts'
import { type Setup, setups } from './setup.ts'
import { breaks, createWorld, type World } from './world.ts'

export type Run = searching.Run<Setup, Step>
export type Failure = searching.Failure<Setup, Step>

/** No time passes unchecked for longer than this part of the timeout. */
const CHECKED_EVERY = 1 / 4

/** Runs one world. @throws {@link PromiseBroken} */
export async function play({ setup, script }: Run, trace: (line: string) => void = ignore): Promise<void> {
  const isTraced = trace !== ignore
  const world = createWorld(setup, (line) => {
    if (isTraced) trace(line())
  })
  for (const step of script) {
    if (isTraced) trace(`── ${showStep(step)}`)
    perform(world, step.operation)
    const { graceMs, timeoutMs } = world.bounds
    await pass(world, step.ms + Math.round(step.graces * graceMs) + Math.round(step.timeouts * timeoutMs))
  }
  if (isTraced) trace('── all faults end')
  await heal(world)
  if (isTraced) trace('── everything ends')
  await end(world)
}

/** Lets time pass, looking at everything at least four times a timeout. */
async function pass(world: World, ms: number): Promise<void> {
  const most = world.bounds.timeoutMs * CHECKED_EVERY
  await world.clock.settle()
  look(world)
  for (let left = ms; left > 0; left -= most) {
    await world.clock.advance(Math.min(left, most))
    look(world)
  }
}

function look(world: World): void {
  checkStep(world)
  if (world.broken) throw world.broken
}

/** Back-off, a connect that hangs, a request that is asked again: the longest ways back, one after the other. */
const RECOVERY_MS = 130_000

async function heal(world: World): Promise<void> {
  const { server, devices, network, health, bounds } = world
  health.well = true
  server.thaw()
  for (const { process } of devices) process.thaw()
  network.refuse(false)
  network.delayMs = 5
  network.healAll()
  for (const link of network.links) link.delayMs = 5
  await pass(world, RECOVERY_MS + 2 * bounds.timeoutMs)
  await checkEnd(world)
  look(world)
}

async function end(world: World): Promise<void> {
  const { devices, raws, presence, clock, network } = world
  for (const device of devices) destroy(device)
  for (const { socket } of raws) socket.terminate()
  await clock.advance(1_000)
  world.closing = true
  await Promise.all([presence.close(), clock.advance(40_000)])
  if (network.links.length > 0) breaks(world, 'TIDY', `${network.links.length} connections are left`)
  if (clock.pending() > 0) breaks(world, 'TIDY', `${clock.pending()} timers are left`)
  if (world.broken) throw world.broken
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
  return `npm run simulate -- --seed ${seed}${mutant === undefined ? '' : ` --mutant ${mutant}`}`
}

function showStep({ operation, ms, graces, timeouts }: Step): string {
  const { type, ...rest }: Operation = operation
  const waits = [ms > 0 && `${ms} ms`, graces > 0 && `${graces} g`, timeouts > 0 && `${timeouts} T`].filter(
    Boolean,
  )
  return `${type} ${JSON.stringify(rest)}${waits.length > 0 ? `, then ${waits.join(' + ')}` : ''}`
}

function ignore(): void {
  // Nobody reads the trace.
}
