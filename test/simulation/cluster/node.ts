/** A node: a process that runs the shipped server, with its own way to the storage; and what is known of it. */
import type { WirePresence } from '../../../src/core/messages.ts'
import { createPresenceServer, type PresenceServer } from '../../../src/server/index.ts'
import { createProcess, type SimulatedProcess } from '../process.ts'
import { wrapSocket } from '../socket.ts'
import { observeDoor } from './observe-door.ts'
import { judgeNotice } from './observe-notices.ts'
import { observeAnswer, observeCall, observeCarried } from './observe-storage.ts'
import { createWay, hooksOf, openWay, type Way } from './way.ts'
import { breaks, contactsAdapter, type World } from './world.ts'

/** `closing`: it drains; `closed`: it has gone of its own accord; `dead`: it was killed. */
type NodePhase = 'up' | 'closing' | 'closed' | 'dead'

/** How the storage, or a part of it, has heard of a node or of a session. */
export interface Reach {
  /** When it last took a flush of it; of a session, when that can have told of a sign of life. */
  keptAt: number
  /** When it was last heard of again after it had been out of reach, and when it had been heard of before. */
  healed: { readonly at: number; readonly keptAt: number }
}

/** What is known of a node; it calls the storage before it is there for others. */
export interface Known extends Reach {
  readonly name: string
  readonly process: SimulatedProcess
  readonly way: Way
  readonly startedAt: number
  phase: NodePhase
  /** When it was closed or killed. */
  endedAt: number
  /** From when on clients are sent away, and until when they are expected back. */
  drainsSince: number
  drainsUntil: number
  /** When its last good flush was sent, as far as it knows; `null`: it has no lease. */
  leaseSentAt: number | null
  /** When it last learned that it had had none for a while. */
  absentUntil: number
  /** The part that a torn way does not reach: as the whole, by the flushes that went while the way was not torn. */
  readonly farPart: Reach
  /** The greatest epoch in which it has a lease, and since when. */
  epochSeen: { readonly epoch: number; readonly at: number }
  /** The end of its last trouble; see {@link troubleOf} for one that lasts. */
  troubledAt: number
  /** The views that it has written and not told the application of yet, by user. */
  readonly written: Map<string, WirePresence[]>
}

export interface ClusterNode extends Known {
  readonly presence: PresenceServer
  /** Clients find it no more. */
  readonly leaveNetwork: () => void
}

/** Another node begins. */
export function startNode(world: World): ClusterNode {
  const { clock, network, cluster, durations, weather, nodes, setup, random, trace } = world
  const name = `node${nodes.length}`
  const process = createProcess(clock, setup.seed + 1_000 + nodes.length)
  const way = createWay()
  const known: Known = {
    name,
    process,
    way,
    startedAt: clock.now(),
    phase: 'up',
    endedAt: Number.NEGATIVE_INFINITY,
    drainsSince: Number.POSITIVE_INFINITY,
    drainsUntil: Number.NEGATIVE_INFINITY,
    leaseSentAt: null,
    absentUntil: Number.NEGATIVE_INFINITY,
    ...createReach(),
    farPart: createReach(),
    epochSeen: { epoch: 0, at: clock.now() },
    troubledAt: clock.now(),
    written: new Map(),
  }
  const storage = cluster.storage(
    hooksOf(way, {
      clock,
      random: random.fork(),
      durations,
      process,
      weather,
      onCall: (call) => {
        observeCall(world, known, call)
      },
      onCarried: (call, reply, sentAt) => {
        observeCarried(world, known, call, reply, sentAt)
      },
      onAnswer: (call, reply, sentAt) => {
        observeAnswer(world, known, call, reply, sentAt)
      },
      onLost: () => {
        weather.bus = 'well'
        world.calm.busAt = clock.now()
      },
      onMessage: (deliver) => {
        world.messages.push(deliver)
        if (world.messages.length > MOST_MESSAGES) world.messages.shift()
      },
    }),
  )
  const presence = createPresenceServer({
    clock: process.clock,
    nodeId: name,
    authenticate: ({ token }) => (token === undefined ? null : { userId: token }),
    contacts: contactsAdapter(world),
    storage,
    heartbeat: { timeoutMs: durations.timeoutMs },
    graceMs: durations.graceMs,
    compareMs: durations.compareMs,
  })
  const leaveNetwork = network.listen((socket) => {
    const observer = observeDoor(world, node, network.linkOf(socket))
    presence.handleConnection(wrapSocket(socket, process, observer, { terminate: true }))
  }, name)
  const node: ClusterNode = Object.assign(known, { presence, leaveNetwork })
  presence.on('error', (error, { stage }) => {
    trace(() => `${name} error: ${stage}: ${String(error)}`)
    if (stage !== 'storage' && stage !== 'bus') breaks(world, 'SOUND', `${name}: ${stage}: ${String(error)}`)
  })
  presence.on('change', (next, previous) => {
    judgeNotice(world, node, next, previous)
  })
  nodes.push(node)
  trace(() => `${name} begins`)
  return node
}

const MOST_MESSAGES = 50

export function createReach(): Reach {
  const never = Number.NEGATIVE_INFINITY
  return { keptAt: never, healed: { at: never, keptAt: never } }
}

/** From one moment to the next the process is gone. `silently`: with its machine, so that nobody is told. */
export function killNode({ clock, network, sides }: World, node: ClusterNode, silently: boolean): void {
  if (node.phase === 'dead' || node.phase === 'closed') return
  node.phase = 'dead'
  node.endedAt = clock.now()
  node.process.kill()
  node.leaveNetwork()
  const links = new Set([...sides.values()].filter((side) => side.node === node).map(({ link }) => link.id))
  for (const link of network.links) {
    if (new URL(link.client.url).hostname !== node.name && !links.has(link.id)) continue
    if (silently) link.cut()
    else link.reset()
  }
}

/** It sends its clients away and goes. */
export function closeNode(world: World, node: ClusterNode, drainMs: number): void {
  const { clock } = world
  if (node.phase !== 'up' || node.process.frozen) return
  node.phase = 'closing'
  node.drainsSince = clock.now()
  node.drainsUntil = clock.now() + drainMs
  node.leaveNetwork()
  node.presence.close({ drainMs }).then(
    () => {
      if (node.phase !== 'closing') return
      node.phase = 'closed'
      node.endedAt = clock.now()
    },
    (error: unknown) => {
      breaks(world, 'SOUND', `${node.name} does not close: ${String(error)}`)
    },
  )
}

export function thawNode({ clock }: World, node: ClusterNode): void {
  if (!node.process.frozen) return
  node.process.thaw()
  node.troubledAt = clock.now()
}

/** Its way is well again. */
export function healWay({ clock }: World, node: ClusterNode): void {
  if (node.way.state === 'open' && !node.way.deaf) return
  node.way.deaf = false
  openWay(node.way)
  node.troubledAt = clock.now()
}

export function isRunning({ phase }: ClusterNode): boolean {
  return phase === 'up' || phase === 'closing'
}

/** When something was last wrong with a node or its way to the storage; `now` while something is. */
export function troubleOf({ process, way, troubledAt }: ClusterNode, now: number): number {
  return process.frozen || way.state !== 'open' || way.deaf ? now : troubledAt
}
