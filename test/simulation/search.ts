/** Looks for a run that breaks a promise: draws one from a seed, plays it, and makes it as small as it can be made. */
import * as fc from 'fast-check'
import { PromiseBroken, type PromiseId } from './promises.ts'

/** One run, as it can be repeated. */
export interface Run<Setup, Step> {
  readonly setup: Setup
  readonly script: readonly Step[]
}

/** What broke, where a run broke a promise. */
export interface Failure<Setup = unknown, Step = unknown> {
  readonly seed: number
  readonly promise: PromiseId | 'CRASH'
  readonly message: string
  /** The run that broke it, as small as it could be made. */
  readonly run: Run<Setup, Step>
  readonly shrinks: number
}

export interface SearchOptions {
  /** Make a failing run as small as it can be made. @defaultValue true */
  readonly shrink?: boolean
}

/** Making a failing run smaller ends after this long, with the smallest that was found; so does a run that has no end. */
const MOST_MS = 60_000

/** Plays the run of a seed. `null`: every promise was kept. */
export async function search<Setup, Step>(
  seed: number,
  setups: fc.Arbitrary<Setup>,
  scripts: fc.Arbitrary<Step[]>,
  play: (run: Run<Setup, Step>) => Promise<void>,
  { shrink = true }: SearchOptions = {},
): Promise<Failure<Setup, Step> | null> {
  let found: Failure['promise'] | null = null
  const property = fc.asyncProperty(setups, scripts, async (setup, script) => {
    const error = await failureOf(() => play({ setup, script }))
    // What is made smaller must go on breaking the same promise.
    found ??= error && kindOf(error)
    if (error && kindOf(error) === found) throw error
  })
  const { failed, counterexample, errorInstance, numShrinks } = await fc.check(property, {
    seed,
    numRuns: 1,
    endOnFailure: !shrink,
    interruptAfterTimeLimit: MOST_MS,
  })
  if (!failed) return null
  if (!counterexample) throw new Error(`Seed ${seed} was not played to its end within ${MOST_MS / 1_000} s`)
  const [setup, script] = counterexample
  const error = errorInstance as Error
  return {
    seed,
    promise: kindOf(error),
    message: error instanceof PromiseBroken ? error.message : (error.stack ?? String(error)),
    run: { setup, script },
    shrinks: numShrinks,
  }
}

async function failureOf(play: () => Promise<void>): Promise<Error | null> {
  try {
    await play()
    return null
  } catch (error) {
    return error as Error
  }
}

function kindOf(error: Error): Failure['promise'] {
  return error instanceof PromiseBroken ? error.promise : 'CRASH'
}

/** A failure in words. */
export function describeFailure<Setup extends { readonly seed: number }, Step>(
  { seed, message, run, shrinks }: Failure<Setup, Step>,
  showStep: (step: Step) => string,
  replay: string,
): string {
  const { seed: chance, ...setup } = run.setup
  return [
    message,
    `  seed ${seed}, after ${shrinks} shrinks (chance ${chance}):`,
    `  setup ${JSON.stringify(setup)}`,
    ...run.script.map((step) => `  ${showStep(step)}`),
    `  replay: ${replay}`,
  ].join('\n')
}
