/** Nodes as child processes that get killed, frozen and drained. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { PresenceStatus } from '../../src/core/index.ts'
import type { ServerHealth } from '../../src/server/index.ts'
import { USERS } from './people.ts'

interface Address {
  readonly host: string
  readonly port: number
}

/** Where the nodes find their Redis. */
export type RedisAddress =
  | { readonly port: number }
  | { readonly nodes: readonly Address[] }
  | { readonly sentinels: readonly Address[]; readonly name: string }

/** What a node is told to be. */
export interface NodeSetup {
  /** 0: a free one. */
  readonly port: number
  readonly redis: RedisAddress
  /** People who exist. */
  readonly users: number
  readonly timeoutMs: number
  readonly commandTimeoutMs: number
  readonly drainMs: number
  readonly admissionsPerSecond: number
}

/** What a node is asked. */
export interface Question {
  readonly id: number
  readonly about: 'health' | 'faults' | 'statuses'
  readonly ids: readonly string[]
}

export interface Answer {
  readonly id: number
  readonly value: unknown
}

export interface NodeProcess {
  readonly port: number
  /** Neither killed nor ended. */
  readonly alive: boolean
  readonly frozen: boolean
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  /** Another SIGTERM. */
  terminate(): void
  /** SIGTERM; resolves with the exit code. */
  drain(): Promise<number | null>
  health(): Promise<ServerHealth>
  /** Faults in the background that the server has told of. */
  faults(): Promise<readonly string[]>
  /** What stands in the storage, through this node; `null`: it does not answer. */
  statuses(ids: readonly string[]): Promise<readonly PresenceStatus[] | null>
}

/** Timers at a tenth of the defaults, and the contract's symbols. */
export const T = 6_000
export const [H, F, W, L, GRACE] = [T / 3, T / 12, T / 12, T / 4, T / 4]
export const COMMAND_TIMEOUT_MS = 250
export const R = Math.max(T / 3, 2 * F + 3 * COMMAND_TIMEOUT_MS)

const RUNNER = fileURLToPath(new URL('run.mjs', import.meta.url))
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

export async function startNode(
  redis: RedisAddress,
  options: Partial<Omit<NodeSetup, 'redis'>> = {},
): Promise<NodeProcess> {
  const setup: NodeSetup = {
    port: 0,
    users: USERS,
    timeoutMs: T,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
    drainMs: 3_000,
    admissionsPerSecond: 5_000,
    ...options,
    redis,
  }
  const child = fork(RUNNER, ['node-process.ts'], {
    env: { ...process.env, NODE_SETUP: JSON.stringify(setup) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.add(child)
  const gone = once(child, 'exit') as Promise<[number | null]>
  void gone.then(() => children.delete(child))
  const ready = once(child, 'message') as Promise<[{ port: number }]>
  const [{ port }] = await Promise.race([
    ready,
    gone.then(() => {
      throw new Error('A node ended before it listened')
    }),
  ])
  const ask = createAsker(child)
  let frozen = false
  let killed = false
  return {
    port,
    get alive() {
      return !killed && child.exitCode === null && child.signalCode === null
    },
    get frozen() {
      return frozen
    },
    async kill() {
      killed = true
      child.kill('SIGKILL')
      if (children.has(child)) await gone
    },
    freeze() {
      frozen = true
      child.kill('SIGSTOP')
    },
    thaw() {
      frozen = false
      child.kill('SIGCONT')
    },
    terminate() {
      child.kill('SIGTERM')
    },
    async drain() {
      child.kill('SIGTERM')
      const [code] = await gone
      return code
    },
    health: () => ask('health') as Promise<ServerHealth>,
    faults: () => ask('faults') as Promise<readonly string[]>,
    statuses: (ids) => ask('statuses', ids) as Promise<readonly PresenceStatus[] | null>,
  }
}

/** Asks a node; one that ends before it answers has answered `null`. */
function createAsker(
  child: ChildProcess,
): (about: Question['about'], ids?: readonly string[]) => Promise<unknown> {
  const waiting = new Map<number, (value: unknown) => void>()
  let nextId = 1
  child.on('message', ({ id, value }: Answer) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  child.on('exit', () => {
    for (const resolve of waiting.values()) resolve(null)
    waiting.clear()
  })
  return (about, ids = []) =>
    new Promise((resolve) => {
      const id = nextId++
      waiting.set(id, resolve)
      if (child.connected) child.send({ id, about, ids } satisfies Question, () => {})
      else resolve(null)
    })
}

/** Ends all of them. */
export async function killNodes(nodes: readonly NodeProcess[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill()))
}
