/**
 * A street: a server in a process of its own, abusers, and a neighbour who watches a friend. While somebody is abusive the
 * neighbour has to hear of each change, one after the other, and the server's memory stays under a bound that follows from
 * its limits; when they are gone it comes back to where it was.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../../src/core/limits.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'

/** What the server is told to be. */
export interface Setup {
  readonly timeoutMs: number
  readonly limits: Partial<Limits>
}

/** What the server is asked. */
export interface Question {
  readonly id: number
  readonly about: 'measure' | 'hang' | 'errors'
  readonly names?: readonly string[]
}

export interface Answer {
  readonly id: number
  readonly value: unknown
}

/** After the garbage is gone, bytes. */
export interface Figures {
  /** On the heap and beside it. */
  readonly used: number
  readonly rss: number
  readonly connections: number
  /** Questions that hang. */
  readonly held: number
}

export const KB = 2 ** 10
export const MB = 2 ** 20
const RUN = fileURLToPath(new URL('run.mjs', import.meta.url))
const TIMEOUT_MS = 6_000
export const limits: Limits = { ...DEFAULT_LIMITS, helloMs: 2_000, contactsTimeoutMs: 1_000 }

/**
 * A socket that does nothing: those of Node and of `ws`, the request of its upgrade, a session, and what the kernel
 * reads into at once. Measured: 6 kB.
 */
export const SOCKET = 16 * KB
/** What two measurements differ by though nothing has happened: compiled code, caches of the engine. */
const NOISE = 4 * MB
/**
 * What the allocator does not give back at once, and the young generation of the heap: the resident set is a guard against
 * growth outside of what the engine counts, no more.
 */
const RSS_SLACK = 160 * MB
/** Changes that the neighbour hears of at least, during each kind of abuse. */
const FEWEST_CHANGES = 3
/** Above sixty a minute they would be held, as the limit has it. */
const MOST_CHANGES = 50
/** Between two of them, so that the neighbour is no abuser themself. */
const PAUSE_MS = 120
/** Nobody has to wait so long for anything. */
const DEAF_MS = 20_000
const RECOVERY_MS = 20_000

export interface Street {
  readonly port: number
  readonly url: string
  measure(): Promise<Figures>
  /** Which adapters hang for users whose names begin with `slow`; none: those who wait are answered. */
  hang(...names: readonly string[]): Promise<void>
  /** Abuses the server, and holds it to `bound`: bytes beyond what it used before. */
  abuse(about: Abuse): Promise<void>
  close(): Promise<void>
}

export interface Abuse {
  readonly kind: string
  readonly bound: number
  /** Runs beside the neighbour. What it gives makes the abusers go. */
  readonly act: () => Promise<() => Promise<void> | void>
  /** Storage that hangs is nothing the neighbour could overlook: they hear of what changes once it is over. */
  readonly isDeaf?: boolean
  /** What stays by design, bytes: of who was there, or what they asked. */
  readonly stays?: number
}

let friends = 0

export async function openStreet(more: Partial<Limits> = {}): Promise<Street> {
  const child = fork(RUN, [], {
    execArgv: ['--expose-gc'],
    env: {
      ...process.env,
      ABUSE_SETUP: JSON.stringify({ timeoutMs: TIMEOUT_MS, limits: { ...limits, ...more } } satisfies Setup),
    },
  })
  const ask = asking(child)
  const port = Number(await ask.first)
  const url = `ws://127.0.0.1:${port}`
  const neighbour = await openRawClient(url, 'neighbour')
  const measure = async (): Promise<Figures> => (await ask({ about: 'measure' })) as Figures

  const abuse = async ({ kind, bound, act, isDeaf = false, stays = 0 }: Abuse): Promise<void> => {
    const friend = await openFriend(url, neighbour)
    await friend.change()
    const before = await measure()
    const peak = { used: before.used, rss: before.rss, connections: 0, held: 0 }
    const look = async (): Promise<void> => {
      const figures = await measure()
      for (const name of ['used', 'rss', 'connections', 'held'] as const)
        peak[name] = Math.max(peak[name], figures[name])
    }
    const abuser = { acts: true }
    const acted = act().finally(() => {
      abuser.acts = false
    })
    // It is awaited below; the neighbour comes first.
    acted.catch(() => {})
    for (let round = 0; round < FEWEST_CHANGES || abuser.acts; round++) {
      if (!isDeaf && round < MOST_CHANGES) await friend.change()
      await look()
      await pause()
    }
    const go = await acted
    await look()
    await go()
    const after = await comeBack(measure, before, stays)
    await friend.change()
    const grown = peak.used - before.used
    process.stderr.write(
      `${kind}: ${mb(grown)} of ${mb(bound)} MB, then ${mb(after.used - before.used)}; rss ${mb(before.rss)} to ${mb(peak.rss)}, then ${mb(after.rss)}; ` +
        `${peak.connections} connections, ${peak.held} hang; neighbour ${friend.latencies()}\n`,
    )
    expect(friend.heard()).toEqual(friend.said())
    await friend.leave()
    expect(neighbour.socket.readyState).toBe(neighbour.socket.OPEN)
    expect(neighbour.frames.filter(({ type }) => type === 'error')).toEqual([])
    expect(grown).toBeLessThan(NOISE + bound)
    expect(peak.rss - before.rss).toBeLessThan(2 * bound + RSS_SLACK)
    expect(after).toMatchObject({ connections: before.connections })
    expect(after.used - before.used).toBeLessThan(NOISE + stays)
    neighbour.frames.length = 0
  }

  return {
    port,
    url,
    measure,
    async hang(...names) {
      await ask({ about: 'hang', names })
    },
    abuse,
    async close() {
      const errors = (await ask({ about: 'errors' })) as string[]
      child.kill()
      expect(errors.filter((error) => !/did not answer|has failed/.test(error))).toEqual([])
    },
  }
}

/** Until all that is left is what was there before, or for as long as that may take. */
async function comeBack(measure: () => Promise<Figures>, before: Figures, stays: number): Promise<Figures> {
  const until = performance.now() + RECOVERY_MS
  for (;;) {
    const figures = await measure()
    const isBack =
      figures.connections <= before.connections && figures.used - before.used < 0.9 * NOISE + stays
    if (isBack || performance.now() > until) return figures
    await pause()
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}

/** Fails where something does not come at all. */
async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, DEAF_MS, new Error(`${what} did not come`))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Somebody whom the neighbour watches: says a number, and waits until that is heard. */
async function openFriend(url: string, neighbour: RawClient) {
  const name = `friend${friends++}`
  const client = await openRawClient(url, name)
  const took: number[] = []
  const textsHeard = (): string[] =>
    neighbour.frames.flatMap((frame) =>
      frame.type === 'PRESENCE_UPDATE'
        ? frame.users
            .filter(({ user, text }) => user === name && text !== undefined)
            .map(({ text = '' }) => text)
        : [],
    )
  return {
    async change(): Promise<void> {
      const text = `${took.length + 1}`
      const at = performance.now()
      client.send({ type: 'PRESENCE_UPDATE', status: 'busy', text, ref: took.length + 1 })
      await inTime(
        neighbour.next(
          (frame) =>
            frame.type === 'PRESENCE_UPDATE' &&
            frame.users.some((record) => record.user === name && record.text === text),
        ),
        `Change ${text} of ${name}`,
      )
      took.push(performance.now() - at)
    },
    said: () => took.map((_, index) => `${index + 1}`),
    heard: textsHeard,
    latencies: () => `${took.length} changes in ${took.map((ms) => ms.toFixed(0)).join(' ')} ms`,
    async leave(): Promise<void> {
      client.send({ type: 'PRESENCE_UPDATE', status: 'offline' })
      await client.closed
    },
  }
}

function asking(child: ChildProcess) {
  const waiting = new Map<number, (value: unknown) => void>()
  let next = 1
  child.on('message', ({ id, value }: Answer) => {
    waiting.get(id)?.(value)
    waiting.delete(id)
  })
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => {
      reject(new Error(`The server has ended: ${code ?? signal}`))
    })
  })
  ended.catch(() => {})
  const wait = (id: number): Promise<unknown> =>
    Promise.race([ended, new Promise((resolve) => waiting.set(id, resolve))])
  const ask = (question: Omit<Question, 'id'>): Promise<unknown> => {
    const id = next++
    const answered = wait(id)
    child.send({ id, ...question } satisfies Question)
    return answered
  }
  return Object.assign(ask, { first: wait(0) })
}

function mb(bytes: number): string {
  return (bytes / MB).toFixed(1)
}
