/**
 * The world of one run: the shipped server and the shipped clients, each in a process of its own, on a network in
 * memory, under one clock; and what an observer at the server's door knows of it.
 */
import { sameView } from '../../src/core/model.ts'
import type { UserRecord } from '../../src/core/record.ts'
import type { Version } from '../../src/core/version.ts'
import {
  createPresenceServer,
  memoryStorage,
  type PresenceServer,
  type StorageAdapter,
} from '../../src/server/index.ts'
import {
  createFakeClock,
  createMemoryNetwork,
  createRandom,
  type FakeClock,
  type MemoryNetwork,
  type Random,
} from '../../src/testing/index.ts'
import { type Health, moodyContacts, moodyStorage } from './adapters.ts'
import { type ChoiceTruth, createChoiceTruth } from './choices.ts'
import { createDevice, type Device, type DeviceOptions } from './device.ts'
import { createHistory, type History } from './history.ts'
import { observeServer } from './observe-server.ts'
import { observeSwap } from './observe-storage.ts'
import { createProcess, type SimulatedProcess } from './process.ts'
import { PromiseBroken, type PromiseId } from './promises.ts'
import type { RawClient } from './raw-client.ts'
import type { ServerSide } from './server-side.ts'
import { type Acquaintance, acquaint, type Setup } from './setup.ts'
import { wrapSocket } from './socket.ts'
import type { Bounds, SessionTruth } from './truth.ts'
import { GATHERING_MS } from './waits.ts'

export interface World {
  readonly setup: Setup
  readonly people: Acquaintance
  readonly clock: FakeClock
  readonly network: MemoryNetwork
  readonly random: Random
  readonly server: SimulatedProcess
  readonly presence: PresenceServer
  /** The storage itself, without its moods. */
  readonly storage: StorageAdapter
  readonly bounds: Bounds
  readonly health: Health
  readonly devices: readonly Device[]
  readonly raws: RawClient[]
  /** Connections as seen at the server, by link. */
  readonly sides: Map<number, ServerSide>
  readonly sessions: Map<string, SessionTruth>
  readonly users: ReadonlyMap<string, UserTruth>
  readonly deviceOptions: DeviceOptions
  /** When an adapter last failed. */
  failedAt: number
  /** The server's wall clock has been stepped: instants across a step cannot be compared. */
  wallStepped: boolean
  /** When it was stepped last. */
  wallSteppedAt: number
  /** The server is being closed. */
  closing: boolean
  /** The first promise that was broken. */
  broken: PromiseBroken | null
}

/** What is known of a user. */
export interface UserTruth {
  readonly history: History
  readonly choice: ChoiceTruth
  /** What stood in the storage when it was last written. */
  stored: Version & { readonly record: UserRecord | null }
  /** When the user last said what they choose or do. */
  saidAt: number
}

/** Where a run writes what happens, for whoever has to understand it. */
export type Trace = (line: () => string) => void

/** S6: last seen is shown as no later than now; by so much the server's wall clock may be behind. */
export function behindMs({ wallStepped }: World): number {
  return wallStepped ? Number.POSITIVE_INFINITY : 0
}

export function createWorld(setup: Setup, trace: Trace): World {
  const clock = createFakeClock({ seed: setup.seed })
  const random = createRandom(setup.seed)
  const network = createMemoryNetwork({ clock, random: random.fork(), delayMs: setup.delayMs })
  const people = acquaint(setup)
  const server = createProcess(clock, setup.seed + 3)
  const storage = memoryStorage({ clock: server.clock })
  const health: Health = { well: false }
  const traced: Trace = (line) => trace(() => `${Math.round(clock.now() - STARTED)} ms  ${line()}`)
  const breaks = (promise: PromiseId, what: string): void => {
    world.broken ??= new PromiseBroken(promise, what)
    traced(() => `BROKEN ${promise}: ${what}`)
  }
  const patience = { clock, process: server, health }
  const { timeoutMs } = setup
  const graceMs = setup.graceMs ?? Math.min(8_000, timeoutMs / 4)
  const presence = createPresenceServer({
    clock: server.clock,
    authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
    contacts: moodyContacts(people, setup, patience),
    storage: moodyStorage(storage, setup, patience, (id) => observeSwap(world, id, traced)),
    heartbeat: { timeoutMs },
    graceMs,
    limits: { changesPerMinute: setup.changesPerMinute, queueSoftBytes: setup.queueSoftBytes },
  })
  const now = clock.now()
  const world: World = {
    setup,
    people,
    clock,
    network,
    random,
    server,
    presence,
    storage,
    bounds: { timeoutMs, graceMs, sweepMs: timeoutMs / 12, tickMs: timeoutMs / 600 },
    health,
    devices: setup.devices.flatMap((count, user) =>
      Array.from({ length: count }, (_, index) =>
        createDevice(
          `device${user}.${index}`,
          `user${user}`,
          createProcess(clock, setup.seed + 10 * user + index + 100),
        ),
      ),
    ),
    raws: [],
    sides: new Map(),
    sessions: new Map(),
    users: new Map(
      people.users.map((user) => [
        user,
        {
          history: createHistory(user, now),
          choice: createChoiceTruth(),
          stored: { epoch: 0, version: 0, record: null },
          saidAt: -Infinity,
        },
      ]),
    ),
    deviceOptions: { network, browser: setup.browser, now: clock.now, breaks, trace: traced },
    failedAt: -Infinity,
    wallStepped: false,
    wallSteppedAt: Number.NEGATIVE_INFINITY,
    closing: false,
    broken: null,
  }
  presence.on('error', (error, { stage }) => {
    traced(() => `server error: ${stage}: ${String(error)}`)
    if (stage === 'storage' || stage === 'contacts') world.failedAt = clock.now()
    else breaks('SOUND', `the server: ${stage}: ${String(error)}`)
  })
  presence.on('change', (presence, previous) => {
    if (sameView(presence, previous))
      breaks('S11', `the application is told that ${presence.userId} is what they were`)
  })
  network.listen((socket) => {
    const observer = observeServer(world, network.linkOf(socket), traced)
    presence.handleConnection(wrapSocket(socket, server, observer, { terminate: true }))
  })
  return world
}

/** What the fake clock says at first. */
const STARTED = createFakeClock().now()

/** Notes the first promise that is broken. */
export function breaks(world: World, promise: PromiseId, what: string): void {
  world.deviceOptions.breaks(promise, what)
}

/** The longest that a change takes into the storage, once its instant has come. */
export function writeSlackMs({ setup, bounds }: World): number {
  const { storage, latencyMs, changesPerMinute } = setup
  const heldMs = GATHERING_MS + (changesPerMinute < 60 ? RETRY_MS + bounds.tickMs : 0)
  if (storage === 'prompt') return heldMs
  return heldMs + 4 * latencyMs + (storage === 'failing' ? RETRY_MS + bounds.tickMs : 0)
}

/** The longest that a change takes from the storage to the watchers' sockets. */
export function tellSlackMs({ setup, bounds }: World): number {
  const { storage, contacts, latencyMs } = setup
  const adapters = [storage, contacts]
  const asked = adapters.filter((mood) => mood !== 'prompt').length
  const failingMs = adapters.includes('failing') ? RETRY_MS + bounds.tickMs : 0
  return 4 * asked * latencyMs + failingMs + GATHERING_MS
}

/** How long the server leaves alone what has failed, and holds what changes too often. */
const RETRY_MS = 1_000

/** Whether it is too late for what had to follow at an instant: the server was not held up, and no adapter failed. */
export function isLate(world: World, at: number, slackMs: number): boolean {
  const { clock, server, failedAt, bounds } = world
  if (server.frozen) return false
  // Whoever was frozen first reads what came meanwhile, before it judges anybody: 1 s at T = 60 s.
  const thawed = server.thawedAt + bounds.timeoutMs / 60 + 2 * bounds.tickMs + 2
  return clock.now() > Math.max(at, failedAt, thawed) + slackMs
}
