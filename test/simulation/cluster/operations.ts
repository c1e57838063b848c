/** What can happen to several nodes: operations as plain data, so that fast-check shrinks them and a report can print them. */
import * as fc from 'fast-check'
import type { StatusChoice } from '../../../src/core/model.ts'
import type { Direction } from '../../../src/testing/index.ts'
import { type Operation as DeviceOperations, use } from '../operations.ts'
import { checkQuery } from './checks.ts'
import { type ClusterNode, closeNode, healWay, isRunning, killNode, startNode, thawNode } from './node.ts'
import { allowChoice, observeLoss } from './observe-storage.ts'
import { type BusState, resumeStorage, type StorageState, type WayState } from './way.ts'
import { holderOf } from './verdicts.ts'
import type { World } from './world.ts'

type DeviceOperation = Extract<DeviceOperations, { readonly device: number }>

/** Numbers stand for devices, users and nodes: whichever there are, counted round. Faults end after a part of T. */
export type Operation =
  | DeviceOperation
  | { readonly type: 'query'; readonly node: number; readonly user: number }
  | { readonly type: 'kill'; readonly node: number; readonly silently: boolean; readonly replaced: boolean }
  | { readonly type: 'stall'; readonly node: number; readonly part: number }
  | { readonly type: 'close'; readonly node: number; readonly part: number; readonly replaced: boolean }
  | { readonly type: 'add' }
  | {
      readonly type: 'way'
      readonly node: number
      readonly state: WayState
      readonly deaf: boolean
      readonly part: number
    }
  | { readonly type: 'wipe' }
  /** The writes of so many F are lost. */
  | { readonly type: 'failover'; readonly flushes: number }
  | { readonly type: 'storage'; readonly state: StorageState; readonly part: number }
  | { readonly type: 'step'; readonly byMs: number }
  | { readonly type: 'bus'; readonly state: BusState; readonly part: number }
  | { readonly type: 'junk'; readonly text: string }
  /** Messages come again, from one on that has been there. */
  | { readonly type: 'repeat'; readonly which: number }

/** One step: something happens, and then time passes. */
export interface Step {
  readonly operation: Operation
  readonly ms: number
  readonly flushes: number
  readonly timeouts: number
}

const index = fc.nat({ max: 14 })
const SHORTEST = 0.02
const part = fc.constantFrom(SHORTEST, 0.1, 0.2, 0.35, 0.7, 1.3, 2.2)
const HOUR_MS = 3_600_000

const of = <T extends Operation['type']>(...types: T[]) => fc.constantFrom(...types)

const JUNK = [
  '',
  'null',
  '[]',
  '{"a":1}',
  '[2,"node0-x",1,[]]',
  '[1,"node0-x",7,[["tell","user0"],["own","user0",1,1,{},[]],null,["canary","",9007199254740991]]]',
  '[1,"node0-x",9,[["tell","user0",0,0,{"sessions":[],"choice":null,"lastSeen":1,"lastSeenAccuracy":"exact","reason":null},null]]]',
  '[1,"node0-x",10,[["own","user1",1,1,{"sessions":[],"choice":null,"lastSeen":1,"lastSeenAccuracy":"exact","reason":null},["x"]]]]',
  '[1,7,"1",{}]',
]

const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: of('connect'), device: index }) },
  { weight: 3, arbitrary: fc.record({ type: of('disconnect'), device: index }) },
  { weight: 1, arbitrary: fc.record({ type: of('destroy'), device: index }) },
  { weight: 3, arbitrary: fc.record({ type: of('subscribe'), device: index, user: index }) },
  { weight: 2, arbitrary: fc.record({ type: of('unsubscribe', 'fetch'), device: index, user: index }) },
  { weight: 8, arbitrary: fc.record({ type: of('watchContacts'), device: index }) },
  { weight: 1, arbitrary: fc.record({ type: of('unwatchContacts'), device: index }) },
  {
    weight: 5,
    arbitrary: fc.record(
      {
        type: of('choose'),
        device: index,
        status: fc.constantFrom<StatusChoice[]>('online', 'away', 'busy', 'invisible', 'auto'),
        text: fc.constantFrom('tea', null),
      },
      { requiredKeys: ['type', 'device', 'status'] },
    ),
  },
  { weight: 5, arbitrary: fc.record({ type: of('cut', 'reset', 'heal'), device: index }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: of('mute'),
      device: index,
      direction: fc.constantFrom<Direction[]>('up', 'down'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: of('freeze', 'thaw'), device: index }) },
  { weight: 2, arbitrary: fc.record({ type: of('query'), node: index, user: index }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: of('kill'),
      node: index,
      silently: fc.boolean(),
      replaced: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: of('stall'), node: index, part }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: of('close'),
      node: index,
      part: fc.constantFrom(0, 0.1, 0.3),
      replaced: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: of('add') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: of('way'),
      node: index,
      state: fc.constantFrom<WayState[]>('open', 'cut', 'deaf', 'held', 'refused', 'lossy', 'torn'),
      deaf: fc.boolean(),
      part,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: of('wipe') }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: of('failover'), flushes: fc.constantFrom(0.05, 0.5, 1, 2.5) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: of('storage'),
      state: fc.constantFrom<StorageState[]>('paused', 'refusing'),
      part,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: of('step'), byMs: fc.constantFrom(-HOUR_MS, HOUR_MS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: of('bus'),
      state: fc.constantFrom<BusState[]>('losing', 'doubling', 'late', 'dead'),
      part,
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: of('junk'), text: fc.constantFrom(...JUNK) }) },
  { weight: 1, arbitrary: fc.record({ type: of('repeat'), which: fc.nat({ max: 49 }) }) },
)

const steps: fc.Arbitrary<Step> = fc.record({
  operation: operations,
  ms: fc.oneof(fc.constant(0), fc.nat({ max: 60 }), fc.nat({ max: 1_500 })),
  flushes: fc.constantFrom(0, 0, 0, 0.5, 1.1, 2.5),
  timeouts: fc.constantFrom(0, 0, 0, 0, 0, 0, 0.35, 0.6, 1.02, 2),
})

export const scripts: fc.Arbitrary<Step[]> = fc.array(steps, { minLength: 1, maxLength: 40, size: 'max' })

/** No more nodes than this run at a time. */
const MOST_NODES = 5

/** Makes it happen. */
export function perform(world: World, operation: Operation): void {
  switch (operation.type) {
    case 'query':
      return query(world, nodeAt(world, operation.node), operation.user)
    case 'kill':
    case 'stall':
    case 'close':
    case 'way':
      return trouble(world, nodeAt(world, operation.node), operation)
    case 'add':
      return add(world)
    case 'wipe':
    case 'failover':
    case 'storage':
    case 'step':
      return befallStorage(world, operation)
    case 'bus':
    case 'junk':
    case 'repeat':
      return befallBus(world, operation)
    default: {
      const device = world.devices[operation.device % world.devices.length]
      return device && use(world, device, operation)
    }
  }
}

function add(world: World): void {
  if (world.nodes.filter(isRunning).length < MOST_NODES) startNode(world)
}

type NodeOperation = Extract<Operation, { readonly type: 'kill' | 'stall' | 'close' | 'way' }>

function trouble(world: World, node: ClusterNode | undefined, operation: NodeOperation): void {
  if (!node) return
  doubtChoices(world, node)
  switch (operation.type) {
    case 'kill':
      killNode(world, node, operation.silently)
      return operation.replaced ? add(world) : undefined
    case 'close':
      closeNode(world, node, Math.round(operation.part * world.durations.timeoutMs))
      return operation.replaced ? add(world) : undefined
    case 'stall':
      node.process.freeze()
      return later(world, operation.part, () => {
        thawNode(world, node)
      })
    case 'way':
      healWay(world, node)
      node.way.state = operation.state
      node.way.deaf = operation.deaf
      return later(world, operation.part, () => {
        healWay(world, node)
      })
  }
}

type StorageOperation = Extract<Operation, { readonly type: 'wipe' | 'failover' | 'storage' | 'step' }>

function befallStorage(world: World, operation: StorageOperation): void {
  const { cluster, calm, clock, durations, weather } = world
  switch (operation.type) {
    case 'wipe':
      cluster.wipe()
      observeLoss(world)
      calm.wipedAt = clock.now()
      return
    case 'failover': {
      const forget = rememberFlushes(world)
      const copiedAt = clock.now()
      cluster.mark()
      clock.setArrival(operation.flushes * durations.flushMs, () => {
        cluster.lose()
        forget()
        observeLoss(world)
        calm.lostAt = clock.now()
        calm.copiedAt = copiedAt
      })
      return
    }
    case 'storage': {
      endOutage(world)
      weather.storage = operation.state
      const outage = { from: clock.now(), to: Number.POSITIVE_INFINITY }
      calm.outages.push(outage)
      return later(world, operation.part, () => {
        if (calm.outages.at(-1) === outage) endOutage(world)
      })
    }
    case 'step':
      cluster.stepTime(operation.byMs)
      calm.steppedAt = clock.now()
      calm.wasStepped = true
  }
}

/** The storage has heard of the nodes now. What is given back has it forget what it heard of them since. */
function rememberFlushes({ nodes, sides }: World): () => void {
  const ofNodes = nodes.flatMap((node) => [node, node.farPart])
  const ofSessions = [...sides.values()].map(({ reach }) => reach)
  const known = new Map([...ofNodes, ...ofSessions].map((reach) => [reach, reach.keptAt]))
  return () => {
    for (const [reach, keptAt] of known) reach.keptAt = keptAt
    for (const { reach } of sides.values()) if (!known.has(reach)) reach.keptAt = Number.NEGATIVE_INFINITY
  }
}

function endOutage({ calm, clock, weather }: World): void {
  const outage = calm.outages.at(-1)
  if (!outage || outage.to < Number.POSITIVE_INFINITY) return
  outage.to = clock.now()
  resumeStorage(weather)
}

function befallBus(
  world: World,
  operation: Extract<Operation, { readonly type: 'bus' | 'junk' | 'repeat' }>,
): void {
  const { weather, cluster, messages } = world
  switch (operation.type) {
    case 'bus':
      healBus(world)
      weather.bus = operation.state
      // The shortest loss is that of one message.
      if (operation.state === 'losing' && operation.part === SHORTEST) {
        weather.bus = 'once'
        return
      }
      return later(world, operation.part, () => {
        healBus(world)
      })
    case 'junk': {
      const { bus } = cluster.storage()
      for (const { incarnation } of cluster.entries())
        void bus?.publish(incarnation.slice(0, incarnation.lastIndexOf('.')), operation.text)
      return
    }
    case 'repeat':
      for (const deliver of messages.slice(operation.which % Math.max(1, messages.length))) deliver()
  }
}

/** What was late is there by then. */
function healBus({ weather, calm, clock, durations }: World): void {
  const { bus } = weather
  weather.bus = 'well'
  if (bus !== 'well' && bus !== 'once') calm.busAt = clock.now() + 2 * durations.flushMs
}

function query(world: World, node: ClusterNode | undefined, user: number): void {
  const { clock, people } = world
  if (node?.phase !== 'up' || node.process.frozen) return
  const since = clock.now()
  node.presence.get([people.users[user % people.users.length] as string]).then((found) => {
    for (const one of found) checkQuery(world, node, one, since)
  }, ignore)
}

/**
 * L2, "back ≤ 2 F", and L3, "lost records repaired ≤ failover + 2 F + 1.2 A": until then what was chosen may be known to
 * those alone who hold the user, and is lost with the last of them.
 */
function doubtChoices(world: World, node: ClusterNode): void {
  const { calm, clock, durations, sessions } = world
  const { flushMs, compareMs } = durations
  const until = Math.max(calm.wipedAt, calm.lostAt + 1.2 * compareMs) + 2 * flushMs
  if (clock.now() > until) return
  const held = [...sessions.values()].filter((session) => holderOf(world, session) === node)
  for (const user of new Set(held.map((session) => session.user))) allowChoice(world, user, null)
}

/** All faults end. */
export function healAll(world: World): void {
  const { nodes, network } = world
  endOutage(world)
  healBus(world)
  for (const node of nodes) {
    thawNode(world, node)
    healWay(world, node)
    // Who is gone with its machine: by now the network says so.
    if (node.phase !== 'dead') continue
    for (const link of network.links) {
      const side = world.sides.get(link.id)
      if (side?.node === node) link.reset()
    }
  }
  if (!nodes.some(({ phase }) => phase === 'up')) startNode(world)
}

function later({ clock, durations }: World, parts: number, end: () => void): void {
  clock.setArrival(parts * durations.timeoutMs, end)
}

/** Of those that run. */
function nodeAt({ nodes }: World, node: number): ClusterNode | undefined {
  const running = nodes.filter(isRunning)
  return running[node % Math.max(1, running.length)]
}

function ignore(): void {
  // A node that has no lease says that it cannot.
}
