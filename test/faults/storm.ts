/** Thousands of clients, in processes of their own: one may not have more than 20,000 files open. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Tally } from './plain-client.ts'

/** Where the clients of a process go, and who they are. */
export interface CrowdSetup {
  readonly ports: readonly number[]
  readonly first: number
  readonly count: number
}

/** `tell`: only say how things are, which every order is answered by. */
export type CrowdOrder = 'come' | 'cut' | 'tell'

export interface Storm {
  /** All of them do it. Gives how things are, over all processes. */
  order(what: CrowdOrder): Promise<Tally>
  end(): void
}

const RUNNER = fileURLToPath(new URL('run.mjs', import.meta.url))
const PROCESSES = 2

export async function createStorm(ports: readonly number[], users: number): Promise<Storm> {
  const count = users / PROCESSES
  const children = Array.from({ length: PROCESSES }, (_, place) =>
    begin({ ports, first: place * count, count }),
  )
  await Promise.all(children.map((child) => once(child, 'message')))
  const ask = async (child: ChildProcess, what: CrowdOrder): Promise<Tally> => {
    const answer = once(child, 'message') as Promise<[Tally]>
    child.send(what)
    return (await answer)[0]
  }
  return {
    order: async (what) => sum(await Promise.all(children.map((child) => ask(child, what)))),
    end() {
      for (const child of children) child.kill('SIGKILL')
    },
  }
}

function begin(setup: CrowdSetup): ChildProcess {
  return fork(RUNNER, ['crowd-process.ts'], {
    env: { ...process.env, CROWD_SETUP: JSON.stringify(setup) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

function sum(tallies: readonly Tally[]): Tally {
  const total: Tally = { settled: 0, offline: 0, closes: {} }
  for (const { settled, offline, closes } of tallies) {
    total.settled += settled
    total.offline += offline
    for (const [code, times] of Object.entries(closes)) {
      total.closes[code] = (total.closes[code] ?? 0) + times
    }
  }
  return total
}
