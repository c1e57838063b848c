/**
 * The world of one run with several nodes: shipped servers on one storage in memory, and shipped clients that connect to
 * whichever node they happen upon; each in a process of its own, under one clock. What is known of it from outside is
 * written down by observers at the nodes' doors and at the storage.
 */
import type { Choice } from '../../../src/core/record.ts'
import { staticContacts } from '../../../src/server/index.ts'
import {
  createFakeClock,
  createMemoryCluster,
  createMemoryNetwork,
  createRandom,
  type FakeClock,
  type MemoryCluster,
  type MemoryNetwork,
  type Random,
} from '../../../src/testing/index.ts'
import { type ChoiceTruth, createChoiceTruth } from '../choices.ts'
import { createDevice, type Device, type DeviceOptions } from '../device.ts'
import { createHistory, type History } from '../history.ts'
import { createProcess } from '../process.ts'
import { PromiseBroken, type PromiseId } from '../promises.ts'
import type { ServerSide } from '../server-side.ts'
import { type Acquaintance, acquaint } from '../setup.ts'
import type { Bounds, SessionTruth } from '../truth.ts'
import type { Trace } from '../world.ts'
import { type ClusterNode, type Reach, startNode } from './node.ts'
import { contactsOf, type Durations, durationsOf, type Setup } from './setup.ts'
import { createCalm, type Calm } from './calm.ts'
import type { Weather } from './way.ts'

export interface World {
  readonly setup: Setup
  readonly people: Acquaintance
  readonly clock: FakeClock
  readonly network: MemoryNetwork
  readonly random: Random
  readonly cluster: MemoryCluster
  readonly durations: Durations
  readonly bounds: Bounds
  readonly weather: Weather
  readonly calm: Calm
  readonly nodes: ClusterNode[]
  readonly devices: readonly Device[]
  /** Connections as seen at the nodes, by link, and at which node. */
  readonly sides: Map<number, ClusterSide>
  readonly sessions: Map<string, SessionTruth>
  readonly users: ReadonlyMap<string, UserTruth>
  readonly deviceOptions: DeviceOptions
  /** Messages that have been on the bus, to come again. */
  readonly messages: (() => void)[]
  readonly trace: Trace
  /** The first promise that was broken. */
  broken: PromiseBroken | null
}

/** A connection as seen at its node. */
export interface ClusterSide extends ServerSide {
  readonly node: ClusterNode
  /** When its node last asked for a sign of life. */
  askedAt: number
  /** How the storage has heard of its session, if it has. */
  readonly reach: Reach
}

/** What is known of a user. */
export interface UserTruth {
  readonly history: History
  readonly choice: ChoiceTruth
  /** What stood in the storage when it was last looked at. */
  stored: ReturnType<MemoryCluster['recordOf']>
  /** When somebody of theirs was last written there. */
  peopledAt: number
  /** Every last seen that ever stood there: after a loss it may stand there again. */
  readonly lastSeens: Set<number>
  /** What was chosen when the storage lost it: whoever still knows may put it back. */
  lostChoice: Choice | null
  /** The sessions that stood there then. */
  lostSessions: ReadonlySet<string>
  /** When the user last said what they choose or do. */
  saidAt: number
}

/** What the fake clock says at first. */
const STARTED = createFakeClock().now()

export function createWorld(setup: Setup, trace: Trace): World {
  const clock = createFakeClock({ seed: setup.seed })
  const random = createRandom(setup.seed)
  const network = createMemoryNetwork({ clock, random: random.fork(), delayMs: setup.delayMs })
  const durations = durationsOf(setup)
  const people = acquaint(contactsOf(setup))
  const cluster = createMemoryCluster({
    clock,
    recoveryMs: durations.recoveryMs,
    lazyEpochs: setup.lazyEpochs,
    // Every fourth world tells all nodes, and the others ask where the contacts are. Not drawn by itself: seeds keep their meaning.
    ...(setup.seed % 4 === 0 && { recordsPerMessage: 0 }),
  })
  const traced: Trace = (line) => {
    trace(() => `${Math.round(clock.now() - STARTED)} ms  ${line()}`)
  }
  const noteBreak = (promise: PromiseId, what: string): void => {
    world.broken ??= new PromiseBroken(promise, what)
    traced(() => `BROKEN ${promise}: ${what}`)
  }
  const { timeoutMs, graceMs, sweepMs, tickMs } = durations
  const world: World = {
    setup,
    people,
    clock,
    network,
    random,
    cluster,
    durations,
    bounds: { timeoutMs, graceMs, sweepMs, tickMs },
    weather: { storage: 'up', bus: 'well', waiting: [] },
    calm: createCalm(clock.now()),
    nodes: [],
    devices: setup.devices.flatMap((count, user) =>
      Array.from({ length: count }, (_, index) => {
        const process = createProcess(clock, setup.seed + 10 * user + index + 100)
        return createDevice(`device${user}.${index}`, `user${user}`, process)
      }),
    ),
    sides: new Map(),
    sessions: new Map(),
    users: new Map(people.users.map((user) => [user, createUser(user, clock.now(), cluster)])),
    deviceOptions: {
      network,
      browser: setup.browser,
      url: () => `ws://${someNode(world)}/presence`,
      now: clock.now,
      breaks: noteBreak,
      trace: traced,
    },
    messages: [],
    trace: traced,
    broken: null,
  }
  return world
}

/** The nodes of the setup begin. */
export async function startNodes(world: World): Promise<void> {
  const { setup, clock, durations } = world
  if (setup.settled) await clock.advance(durations.recoveryHoldMs)
  for (let count = 0; count < setup.nodes; count++) startNode(world)
  if (setup.settled) await clock.advance(2 * durations.flushMs)
}

function createUser(user: string, now: number, cluster: MemoryCluster): UserTruth {
  return {
    history: createHistory(user, now),
    choice: createChoiceTruth(),
    stored: cluster.recordOf(user),
    lastSeens: new Set(),
    peopledAt: Number.NEGATIVE_INFINITY,
    lostChoice: null,
    lostSessions: new Set(),
    saidAt: Number.NEGATIVE_INFINITY,
  }
}

/** As a load balancer would choose: among those that take connections, frozen ones too. */
function someNode({ nodes, random }: World): string {
  const open = nodes.filter(({ phase }) => phase === 'up')
  return open.length > 0 ? random.pick(open).name : 'nowhere'
}

export function contactsAdapter({ people }: World) {
  return staticContacts(Object.fromEntries(people.users.map((user) => [user, people.told(user)])))
}

export function userTruth({ users }: World, user: string): UserTruth {
  const truth = users.get(user)
  if (!truth) throw new Error(`There is no ${user}`)
  return truth
}

/** Notes the first promise that is broken. */
export function breaks(world: World, promise: PromiseId, what: string): void {
  world.deviceOptions.breaks(promise, what)
}
