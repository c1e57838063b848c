/** All that one node knows, as plain data, and the few ways to number and file it. */
import { firstIncarnation } from '../core/lease.ts'
import type { Limits } from '../core/limits.ts'
import type { Timing } from '../core/timing.ts'
import { type Askers, createAskers } from './askers.ts'
import type { Proposal, Session, User, Watched } from './entities.ts'
import { createNumberMap, type NumberMap, valueOf } from './number-map.ts'
import type { Concern, ContactsPurpose, ReadPurpose } from './purposes.ts'
import type { ConnectionId, RequestId } from './machine.ts'
import { createGathering, type Gathering } from './gathering.ts'
import { createMeter, createMeterMemory, type MeterMemory, type RateMeter } from './meter.ts'
import { MOST_NUMBER } from './sight-table.ts'
import { createSharing, type Duty, type Sharing } from './sharing.ts'
import { createWheel, type Wheel } from './wheel.ts'

export interface NodeConfig {
  readonly timing: Timing
  readonly limits: Limits
  /** Where this run of this node is reached; never used again. Its incarnations count up from 1. */
  readonly address: string
  /** By this its versions differ from others' where time does not tell them apart; drawn once, in [0, 1). */
  readonly writer: number
  /** Other nodes share the storage. */
  readonly shared: boolean
  /** So many records of the storage are read for what one message to another node costs. */
  readonly recordsPerMessage: number
}

export interface NodeState {
  readonly config: NodeConfig
  /** The name under which this node holds its sessions. */
  incarnation: string
  readonly connections: Map<ConnectionId, Session>
  readonly users: Map<string, User>
  /** Who is watched by whom here. */
  readonly watched: Map<string, Watched>
  /** The same by their numbers, by which they are named where there are many. */
  readonly usersByNumber: NumberMap<User>
  readonly watchedByNumber: NumberMap<Watched>
  lastNumber: number
  /** `null`: no other node shares the storage. */
  readonly sharing: Sharing | null
  /** What is being waited for, and what for. */
  readonly reads: Map<RequestId, ReadPurpose>
  readonly swaps: Map<RequestId, readonly Proposal[]>
  readonly questions: Map<RequestId, ContactsPurpose>
  nextRequest: RequestId
  readonly wheel: Wheel<Session | User | Duty>
  /** The wake-up that the host was asked for. */
  wakeAt: number
  /** A turn was asked for. */
  turnAsked: boolean
  /** Users have been marked since it was last planned when their turn comes. */
  usersMarked: boolean
  /** When users are to have theirs: with the next turn, or where their changes wait for more, then; monotonic. `null`: nobody waits. */
  usersTurn: 'next' | number | null
  /** Users with work for the storage, and sessions with frames to send, at the next turn. */
  readonly dirtyUsers: Set<User>
  readonly dirtySessions: Set<Session>
  /** The last heartbeat that was sent, and what time it tells. */
  heartbeat: { readonly time: number; readonly frame: string }
  /** How many times watchers were told of somebody. */
  tellings: number
  /** Sessions whose changes wait for more. */
  readonly gathering: Gathering
  /** Sessions that have come far enough for the frames that waited. */
  readonly ready: Session[]
  /** What records have told that concerns the parts above the presence service. */
  readonly concerns: Concern[]
  readonly admissions: RateMeter
  /** Lost connections, to see a mass of them. */
  readonly drops: RateMeter
  /** Until then the return of a mass takes; monotonic. */
  crowdedUntil: number
  /** The changes of users who have left lately: leaving is no way around the limit of flapping. */
  readonly leftMeters: MeterMemory
  /** Who has asked about strangers today. */
  readonly askers: Askers
  /** Storage time less monotonic time, as of the storage's last answer. */
  storageOffset: number
  /** Spreads heartbeats evenly without dice. */
  spread: number
  draining: boolean
  drainWindowMs: number
  /** Until then those who were sent away are expected back, on another node; monotonic. */
  drainsUntil: number
}

/** The window of the limit that meters are kept for. */
const METER_MEMORY_MS = 60_000
/** The golden ratio's fraction: its multiples fall evenly between 0 and 1, however many there are. */
const GOLDEN = 0.618_033_988_749_895
/** Fewer are at hand in whatever order. */
const MANY_CONNECTIONS = 1_000
/** So many of them have their heartbeats at a time, some 1 ms of work. */
const NEIGHBOURS = 32

export function createNode(config: NodeConfig, now: number, time: number): NodeState {
  return {
    config,
    incarnation: firstIncarnation(config.address),
    connections: new Map(),
    users: new Map(),
    watched: new Map(),
    usersByNumber: createNumberMap(),
    watchedByNumber: createNumberMap(),
    lastNumber: 0,
    sharing: config.shared ? createSharing(now) : null,
    reads: new Map(),
    swaps: new Map(),
    questions: new Map(),
    nextRequest: 1,
    wheel: createWheel(config.timing.timeoutMs, now),
    wakeAt: Number.POSITIVE_INFINITY,
    turnAsked: false,
    usersMarked: false,
    usersTurn: null,
    dirtyUsers: new Set(),
    dirtySessions: new Set(),
    heartbeat: { time: Number.NaN, frame: '' },
    tellings: 0,
    gathering: createGathering(now),
    ready: [],
    concerns: [],
    admissions: createMeter(now),
    drops: createMeter(now),
    crowdedUntil: now,
    leftMeters: createMeterMemory(now, METER_MEMORY_MS),
    askers: createAskers(),
    storageOffset: time - now,
    spread: 0,
    draining: false,
    drainWindowMs: 0,
    drainsUntil: now,
  }
}

/** The storage's time, as this node estimates it: its last answer, and what has passed since. */
export function storageTime(node: NodeState, now: number): number {
  return Math.floor(now + node.storageOffset)
}

/** The next place in a spread, in [0, 1). */
export function nextSpread(node: NodeState): number {
  node.spread = (node.spread + GOLDEN) % 1
  return node.spread
}

/**
 * The place of a connection in the spread of heartbeats, in [0, 1). Of many, those who came one after the other have it together. So
 * where they came at about the same time, as all do after a loss of the network, they beat one after the other, too: what belongs to
 * them lies together in memory, here and in the kernel, and a heartbeat of ten thousand connections costs a sixth to a quarter less.
 */
export function heartbeatSpread(node: NodeState, connection: ConnectionId, now: number): number {
  if (node.connections.size < MANY_CONNECTIONS) return nextSpread(node)
  const group = Math.floor(connection / NEIGHBOURS)
  const round = Math.floor(now / node.config.timing.intervalMs)
  return (group * GOLDEN + round * Math.SQRT2) % 1
}

/** A number that nobody has. After 134 million they begin again, and pass over those in use. */
export function freshNumber(node: NodeState): number {
  do node.lastNumber = (node.lastNumber % MOST_NUMBER) + 1
  while (valueOf(node.usersByNumber, node.lastNumber) ?? valueOf(node.watchedByNumber, node.lastNumber))
  return node.lastNumber
}

/** Files what is waited for under a fresh number. */
export function file<T>(node: NodeState, table: Map<RequestId, T>, purpose: T): RequestId {
  const id = node.nextRequest++
  table.set(id, purpose)
  return id
}

/** Takes it off the file; `undefined`: nobody waits for this answer. */
export function take<T>(table: Map<RequestId, T>, id: RequestId): T | undefined {
  const purpose = table.get(id)
  table.delete(id)
  return purpose
}
