/**
 * What the contract allows at the moment: until when a session must stand in the storage, from when on it must not, and
 * how long news may take. Every relaxation names the sentence that grants it. R, T, F and so on: docs/promises.md.
 */
import { INTERVAL_SPREAD } from '../../../src/core/timing.ts'
import { goneBy, liveUntil, type SessionTruth } from '../truth.ts'
import { GATHERING_MS } from '../waits.ts'
import { outageEnd, outageSince } from './calm.ts'
import { type ClusterNode, isRunning, type Reach, troubleOf } from './node.ts'
import { isFar } from './way.ts'
import type { ClusterSide, World } from './world.ts'

/**
 * S6: last seen is shown as no later than now. A node knows the storage's time to within one of its answers, and may be that much
 * behind another one.
 */
export function behindMs({ calm, durations }: World): number {
  return calm.wasStepped ? Number.POSITIVE_INFINITY : durations.latencyMs + 2
}

/** How long a node leaves alone what has failed. */
const RETRY_MS = 1_000

/** The node that holds a session. */
export function holderOf(world: World, session: SessionTruth): ClusterNode {
  return sideOf(world, session).node
}

function sideOf({ sides }: World, { link }: SessionTruth): ClusterSide {
  const side = sides.get(link)
  if (!side) throw new Error(`There was no connection #${link}`)
  return side
}

/** When something was last wrong with the storage, a node, or the way between them; `now` while something is. */
export function faultAt({ calm, nodes, clock }: World): number {
  const now = clock.now()
  const running = nodes.filter(isRunning)
  if (running.length === 0) return now
  return Math.max(
    outageEnd(calm, now),
    calm.wipedAt,
    calm.lostAt,
    calm.steppedAt,
    ...running.map((node) => troubleOf(node, now)),
    ...nodes.map(({ endedAt }) => endedAt),
  )
}

/** Likewise of the bus. */
export function busFaultAt({ calm, weather, clock }: World): number {
  return weather.bus === 'well' || weather.bus === 'once' ? calm.busAt : clock.now()
}

/** The longest that a change takes into the storage where nothing is wrong; races between nodes are run again. */
export function writeSlackMs({ durations: { latencyMs, tickMs } }: World): number {
  return 14 * (latencyMs + 1) + tickMs + 5
}

/** The longest from the storage to the sockets of all watchers where nothing is wrong: two reads and a message. */
export function tellSlackMs({ durations: { latencyMs } }: World): number {
  return 12 * (latencyMs + 1) + 5 + GATHERING_MS
}

/** After a fault calls have to fail first, and are tried again: it is over for a node by this long after its end. */
function patienceMs({ durations: { callTimeoutMs, tickMs, latencyMs } }: World): number {
  return callTimeoutMs + RETRY_MS + 2 * tickMs + 10 * latencyMs + 10
}

/** S2: a live session that the storage has lost, or that was ended while its node was cut off, is back by then: 2 F. */
export function backBy(world: World): number {
  const { calm, durations, clock } = world
  const { flushMs, compareMs } = durations
  const fault = faultAt(world)
  // L3: lost records are repaired ≤ failover + 2 F + 1.2 A.
  const failover = calm.lostAt + 2 * flushMs + 1.2 * compareMs
  const back = Math.max(fault + 2 * flushMs, failover) + patienceMs(world)
  return Number.isFinite(back) ? back : clock.now() - 1
}

/** Until when a session must count as live, by the word of its own node. */
export function ownLiveUntil(world: World, session: SessionTruth): number {
  const { bounds, sides } = world
  const side = sides.get(session.link)
  const { end } = session
  if (end?.kind !== 'drop' || side?.closed !== true) return liveUntil(session, bounds)
  return liveUntil({ ...session, end: { ...end, at: graceFrom(side.node, end.at, true) } }, bounds)
}

/**
 * L5: "clients that reconnect within D + g cause no notification"; whoever dropped before the drain has g alone. Of a
 * millisecond in which both happened it is not known which came first: then the drain did not for certain.
 */
function graceFrom(
  { drainsSince, drainsUntil }: ClusterNode,
  droppedAt: number,
  forCertain: boolean,
): number {
  const isLater = forCertain ? droppedAt > drainsSince : droppedAt >= drainsSince
  return isLater ? Math.max(droppedAt, drainsUntil) : droppedAt
}

/** S2: "its node reaches the storage", which is the part of it that has the user's record, and has told it of the session. */
export function reachOf(world: World, session: SessionTruth): Reach {
  const side = sideOf(world, session)
  if (side.reach.keptAt > Number.NEGATIVE_INFINITY) return side.reach
  return isFar(session.user) ? side.node.farPart : side.node
}

/** S2: whether anybody may end a session now. */
export function mayEnd(world: World, session: SessionTruth): boolean {
  const now = world.clock.now()
  const reach = reachOf(world, session)
  // "beyond it until ≤ 2 F after healing"
  const isHealing = now <= reach.healed.at + 2 * world.durations.flushMs
  return (
    now >= ownLiveUntil(world, session) ||
    isOutOfReach(world, reach) ||
    isHealing ||
    isLeftBehind(world, session)
  )
}

/**
 * S2 asks that "its node reaches the storage", and R is the hold "where a running node lost its storage": whoever has begun since
 * an outage knows nothing of it, and goes by what a node that is dead has told before.
 */
function isLeftBehind(world: World, session: SessionTruth): boolean {
  const { calm, clock, durations, nodes } = world
  const now = clock.now()
  const ended = outageEnd(calm, now)
  const hasBegun = nodes.some(({ startedAt }) => startedAt >= ended)
  return (
    !isRunning(holderOf(world, session)) &&
    hasBegun &&
    now - reachOf(world, session).keptAt >= leastMs(durations)
  )
}

/** C2 */
function leastMs({ timeoutMs, intervalMs, flushMs }: World['durations']): number {
  return timeoutMs - (1 + INTERVAL_SPREAD) * intervalMs - flushMs
}

/**
 * S2: "a node cut off alone: none ≤ C2", C2 = T − 1.1 H − F, from when the storage heard of it last. An outage that all
 * share does not count (S2: "none in an outage that all nodes see"), but for those whose hold, R, is over: each has its own.
 */
export function isOutOfReach({ calm, clock, durations, nodes }: World, { keptAt }: Reach): boolean {
  const { flushMs, recoveryHoldMs } = durations
  const now = clock.now()
  const outMs = now - keptAt
  // S14: whoever has begun since the storage's clock was stepped can go by that clock alone.
  if (calm.steppedAt >= keptAt - flushMs && nodes.some(({ startedAt }) => startedAt > keptAt - flushMs))
    return true
  return outMs - outageSince(calm, keptAt, now, recoveryHoldMs) >= leastMs(durations)
}

/**
 * S1: from when on a session must not stand in the storage any more: T + W after its last sign of life; + L where its
 * node died too, and nobody else can say how it ended; + X + R after an outage.
 */
export function goneDeadline(world: World, session: SessionTruth): number {
  const { bounds, durations, calm } = world
  const { timeoutMs, sweepMs, leaseMs, flushMs, recoveryHoldMs, compareMs, graceMs, tickMs } = durations
  const holder = holderOf(world, session)
  const { end, heardAt } = session
  const deathMs = timeoutMs + sweepMs + leaseMs
  let by = goneBy(session, bounds)
  if (end?.kind === 'drop')
    by = Math.min(graceFrom(holder, end.at, false) + graceMs, heardAt + timeoutMs) + tickMs + 1
  const successor = end?.kind === 'superseded' ? successorOf(world, session) : null
  if (!isRunning(holder) || (successor && !isRunning(successor))) by = Math.max(by, heardAt + deathMs)
  // Whoever had to end it may have been cut off, frozen or killed while at it: another takes over, or it goes on itself.
  by = Math.max(by, faultAt(world) + recoveryHoldMs + 2 * flushMs + leaseMs + 2 * sweepMs + patienceMs(world))
  // L2, L3: "≤ failover + 2 F + 1.2 A"; and whoever stands there again by it is ended no sooner than after R.
  const isForgotten = !isRunning(holder) && holder.keptAt < calm.wipedAt
  const lostAt = isForgotten ? calm.wipedAt : calm.lostAt
  by = Math.max(by, lostAt + 2 * flushMs + 1.2 * compareMs + recoveryHoldMs + patienceMs(world))
  // What went lost when its node had gone, or went before it could find it, is found by whoever watches: nobody else is told of it.
  const isLeft = !isRunning(holder) && holder.endedAt <= calm.lostAt + 2 * flushMs + 1.2 * compareMs
  if (isLeft && end !== null && calm.lostAt >= end.at)
    by = Math.max(
      by,
      watchedSince(world, session.user) + 1.2 * compareMs + recoveryHoldMs + patienceMs(world),
    )
  return by + writeSlackMs(world)
}

/** Since when somebody has watched a user without a break, on a node that runs. */
function watchedSince({ sides, people }: World, user: string): number {
  const since = [...sides.values()]
    .filter((side) => !side.closed && isRunning(side.node))
    .map(({ watched, rosterSince, user: viewer }) => {
      const isListed = rosterSince !== null && viewer !== null && people.roster(viewer).includes(user)
      return Math.min(watched.get(user) ?? Infinity, isListed ? rosterSince : Infinity)
    })
  return Math.min(...since)
}

function successorOf({ sides }: World, { id }: SessionTruth): ClusterNode | null {
  for (const side of sides.values()) if (side.previous === id && side.session?.announcedAt) return side.node
  return null
}

/**
 * S4, L1: by when a watcher has been told what stands in the storage since `at`. At once where nothing is wrong; F + δ + 2 s
 * after a lost message; 1.2 A where the one who wrote it, or the one who watches, was in trouble.
 */
export function toldBy(world: World, at: number): number {
  const { flushMs, compareMs } = world.durations
  const fault = faultAt(world)
  const bus = busFaultAt(world)
  const quiet = at - 2 * flushMs
  // L3: what a failover lost is put back by then without a word: who saw the older finds it by comparison (S4).
  const isRepair = at <= world.calm.lostAt + 2 * flushMs + 1.2 * compareMs + patienceMs(world)
  if (Math.max(fault, bus) < quiet && !isRepair) return at + tellSlackMs(world)
  // The number of the last message is repeated once: where that is lost too, the comparison is left.
  const isLostMessage = fault < quiet && !isRepair && at > bus - flushMs / 2
  if (!isLostMessage) return repairedBy(world, at)
  return Math.max(at, fault, bus) + flushMs + 2_000 + patienceMs(world) + tellSlackMs(world)
}

/** S4: "a difference is repaired" within 1.2 A, by comparison. */
export function repairedBy(world: World, at: number): number {
  const { flushMs, compareMs } = world.durations
  const from = Math.max(at, faultAt(world), busFaultAt(world))
  return from + 1.2 * compareMs + 2 * flushMs + patienceMs(world) + tellSlackMs(world)
}
