/** Nodes as child processes that get killed, frozen and drained. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

interface Address {
  readonly host: string
  readonly port: number
}

/** What a node is told to be. */
export interface NodeSetup {
  /** 0: a free one. */
  readonly port: number
  readonly redis:
    | { readonly port: number }
    | { readonly nodes: readonly Address[] }
    | { readonly sentinels: readonly Address[]; readonly name: string }
  readonly timeoutMs: number
  readonly commandTimeoutMs: number
  readonly drainMs: number
}

export interface NodeProcess {
  readonly port: number
  readonly alive: boolean
  kill(): Promise<void>
  freeze(): void
  thaw(): void
  /** SIGTERM; resolves with the exit code. */
  drain(): Promise<number | null>
}

/** Timers at a tenth of the defaults. */
export const T = 6_000
export const COMMAND_TIMEOUT_MS = 250

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

export async function startNode(
  redis: NodeSetup['redis'],
  { port = 0, drainMs = 3_000 }: { readonly port?: number; readonly drainMs?: number } = {},
): Promise<NodeProcess> {
  const setup: NodeSetup = { port, redis, timeoutMs: T, commandTimeoutMs: COMMAND_TIMEOUT_MS, drainMs }
  const runner = fileURLToPath(new URL('run.mjs', import.meta.url))
  const child = fork(runner, ['node-process.ts'], {
    env: { ...process.env, NODE_SETUP: JSON.stringify(setup) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.add(child)
  const gone = once(child, 'exit') as Promise<[number | null]>
  void gone.then(() => children.delete(child))
  const ready = once(child, 'message') as Promise<[{ port: number }]>
  const [told] = await Promise.race([
    ready,
    gone.then(() => {
      throw new Error('A node ended before it listened')
    }),
  ])
  return {
    port: told.port,
    get alive() {
      return child.exitCode === null && child.signalCode === null
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    freeze() {
      child.kill('SIGSTOP')
    },
    thaw() {
      child.kill('SIGCONT')
    },
    async drain() {
      child.kill('SIGTERM')
      const [code] = await gone
      return code
    },
  }
}

/** Ends all of them. */
export async function killNodes(nodes: readonly NodeProcess[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill()))
}
