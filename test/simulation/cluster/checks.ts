/** What must hold after every step, and what must hold in the end. */
import type { Presence } from '../../../src/core/model.ts'
import { isWished } from '../choices.ts'
import { currentSide, type Device, ROSTER } from '../device.ts'
import { newest, shows } from '../history.ts'
import { describe } from '../observe-storage.ts'
import type { SessionTruth } from '../truth.ts'
import { show, wireOf } from '../wire.ts'
import { type ClusterNode, isRunning } from './node.ts'
import { judgeUnknown } from './observe-door.ts'
import { observeForgotten } from './observe-storage.ts'
import {
  backBy,
  behindMs,
  faultAt,
  goneDeadline,
  holderOf,
  ownLiveUntil,
  reachOf,
  repairedBy,
  toldBy,
  writeSlackMs,
} from './verdicts.ts'
import { breaks, type ClusterSide, userTruth, type World } from './world.ts'

/** Looks at everything. What is wrong is noted in the world. */
export function checkStep(world: World): void {
  for (const user of world.users.keys()) {
    observeForgotten(world, user)
    checkChoice(world, user)
  }
  for (const session of world.sessions.values()) checkSession(world, session)
  for (const side of world.sides.values()) {
    if (side.closed || side.node.phase !== 'up' || side.node.process.frozen) continue
    checkAnswers(world, side)
    checkWatcher(world, side)
  }
  for (const device of world.devices) checkClient(world, device)
  checkNodes(world)
}

/** S1, S2: who stands in the storage, and who must. */
function checkSession(world: World, session: SessionTruth): void {
  const { clock } = world
  if (session.announcedAt === null) return
  const now = clock.now()
  const { record } = userTruth(world, session.user).stored
  if (record?.sessions.some(({ id }) => id === session.id)) {
    const by = goneDeadline(world, session)
    if (now <= by) return
    const isGoodbye = session.end?.kind === 'leave'
    const promise = isGoodbye ? 'S9' : session.end?.kind === 'superseded' ? 'S12' : 'S1'
    breaks(world, promise, `${describe(session)} stays ${Math.round(now - by)} ms too long`)
    return
  }
  const { process, phase } = holderOf(world, session)
  if (phase !== 'up' || process.frozen || now >= ownLiveUntil(world, session)) return
  const by = Math.max(session.announcedAt + writeSlackMs(world), backBy(world))
  if (now > by && !isAsked(world, session)) breaks(world, 'S2', `${describe(session)} is not in the storage`)
}

/**
 * S2 speaks of a connection that "answered in time", and by S12 nobody comes back who may have been superseded meanwhile.
 * So whom others ended while the node was out of reach has to answer first; likewise whom the storage lost before a node
 * learned that it had had no lease, and whose user was put back by other nodes after a wipe, and was not offline by that;
 * also if those have gone since. The node has to have asked, though.
 */
function isAsked(world: World, session: SessionTruth): boolean {
  const { link, user, answeredAt, announcedAt } = session
  const side = world.sides.get(link)
  if (!side) return false
  const { wipedAt } = world.calm
  const { healed } = reachOf(world, session)
  const isAskedSince = (at: number): boolean => side.closed || side.askedAt >= at
  if (answeredAt < healed.at) return isAskedSince(healed.at)
  if (announcedAt === null || announcedAt > wipedAt) return false
  const { absentUntil } = side.node
  if (answeredAt < absentUntil && absentUntil >= wipedAt) return isAskedSince(absentUntil)
  return userTruth(world, user).peopledAt >= wipedAt && isAskedSince(Math.max(wipedAt, answeredAt + 1))
}

function checkChoice(world: World, user: string): void {
  const { clock, cluster } = world
  const { stored, choice, saidAt } = userTruth(world, user)
  const now = clock.now()
  const quietAt = Math.max(saidAt + writeSlackMs(world), backBy(world))
  if (now <= quietAt + 1) return
  // A wish that met a fault may have been lost with its node.
  const isSafe = faultAt(world) < Math.min(...choice.wishes.map(({ at }) => at)) - world.durations.flushMs
  if (isSafe && !isWished(choice, stored.record?.choice ?? null, cluster.time()))
    breaks(
      world,
      'CHOICE',
      `${user} chose ${JSON.stringify(choice.wishes)}, stored is ${JSON.stringify(stored.record?.choice)}`,
    )
  // L1: until then a node need not know of it, and after a wipe it puts back what it knows.
  if (now <= toldBy(world, saidAt)) return
  choice.held = stored.record?.choice ?? null
  choice.wishes = []
}

/** Nobody waits for an answer in vain. */
function checkAnswers(world: World, { refs, link, session }: ClusterSide): void {
  const since = session?.announcedAt ?? null
  if (since === null) return
  const { clock, durations } = world
  const slack = 2 * durations.callTimeoutMs + 2 * durations.flushMs + 2 * writeSlackMs(world)
  for (const [ref, at] of refs) {
    if (clock.now() > Math.max(at, since, backBy(world)) + slack)
      breaks(world, 'ANSWER', `#${link.id}: request ${ref} is without an answer for ${clock.now() - at} ms`)
  }
}

/** S4, L1: whoever watches has been told what the storage holds. */
function checkWatcher(world: World, side: ClusterSide): void {
  const { people, clock, calm, durations } = world
  if ((side.link.server?.bufferedAmount ?? 0) > 0) side.fullAt = clock.now()
  if (side.session?.acknowledged !== true || side.leaving || side.user === null) return
  const own = userTruth(world, side.user).stored.record?.sessions ?? []
  const isListed = own.some(({ id }) => id === side.session?.id)
  const watched = new Map(side.watched)
  if (side.rosterSince !== null)
    for (const user of people.roster(side.user)) if (!watched.has(user)) watched.set(user, side.rosterSince)
  for (const [user, since] of watched) {
    if (!people.sees(side.user, user) || !world.users.has(user)) continue
    const { history, stored } = userTruth(world, user)
    const { view } = newest(history)
    // L2: of whom nothing stands there, nothing is known before R; and another fault begins R anew.
    // The flush that tells of it and the end of R fall on a tick each.
    const { recoveryHoldMs, flushMs, tickMs } = durations
    const young = Math.max(calm.epochSince, faultAt(world)) + recoveryHoldMs + flushMs + tickMs
    const at = stored.record ? newest(history).at : young
    const last = side.places.get(user)?.last
    if (last && shows(last, view, behindMs(world))) continue
    const from = Math.max(at, since)
    // Whom others have taken out of the record, for their node was cut off, no message reaches: S4, "a difference is repaired ≤ 1.2 A".
    const by = isListed ? toldBy(world, from) : repairedBy(world, from)
    if (clock.now() > by)
      breaks(
        world,
        'S4',
        `${side.node.name} #${side.link.id} (${side.user}) knows ${user} as ${show(last)}, stored is ${show(view)}`,
      )
  }
}

/** S3: a client shows what it was last told on the connection that it has. */
function checkClient(world: World, device: Device): void {
  const { client, process, subscriptions } = device
  const side = currentSide(device)
  if (client?.state !== 'connected' || process.frozen || !side?.welcomed) return
  for (const [user, wire] of side.last) {
    const isRoster = subscriptions.has(ROSTER) && world.people.roster(device.user).includes(user)
    if (!subscriptions.has(user) && !isRoster) continue
    const presence = client.get(user)
    if (!presence.stale && !shows(wireOf(presence), wire, 0))
      breaks(world, 'S3', `${device.name} shows ${show(wireOf(presence))}, last told ${show(wire)}`)
  }
}

/** L5, S14 */
function checkNodes({ nodes, clock, durations, ...world }: World): void {
  const now = clock.now()
  for (const { name, process, phase, drainsUntil, troubledAt } of nodes) {
    if (process.frozen || (phase !== 'up' && phase !== 'closing')) continue
    const first = Math.min(...process.deadlines())
    if (first > now + durations.timeoutMs + 1_000)
      breaks(world as World, 'S14', `${name} wakes in ${first - now} ms`)
    if (phase === 'closing' && now > Math.max(drainsUntil, troubledAt) + 2_100)
      breaks(world as World, 'L5', `${name} is still there ${now - drainsUntil} ms after its drain`)
  }
}

/** After all faults are healed and enough time has passed: everybody agrees with the truth. */
export async function checkEnd(world: World): Promise<void> {
  const { users, people, nodes, clock } = world
  for (const user of users.keys()) checkStored(world, user)
  checkDirectory(world)
  for (const device of world.devices) checkConverged(world, device)
  for (const node of nodes.filter(({ phase }) => phase === 'up')) {
    const answer = node.presence.get(people.users).catch(() => null)
    await clock.advance(4 * world.durations.latencyMs + 10)
    const found = await answer
    if (!found) breaks(world, 'L1', `${node.name} cannot answer`)
    for (const one of found ?? []) checkQuery(world, node, one, clock.now())
  }
}

function liveSessions(world: World, user: string): SessionTruth[] {
  const { clock, sessions } = world
  return [...sessions.values()].filter(
    (session) =>
      session.user === user && session.announcedAt !== null && clock.now() < ownLiveUntil(world, session),
  )
}

/** S1, S2 */
function checkStored(world: World, user: string): void {
  const expected = liveSessions(world, user).map(({ id }) => id)
  const stored = (world.cluster.recordOf(user).record?.sessions ?? []).map(({ id }) => id)
  const found = stored.filter((id) => expected.includes(id) || mustBeGone(world, id))
  if (expected.sort().join() === found.sort().join()) return
  const promise = expected.length < found.length ? 'S1' : 'S2'
  breaks(world, promise, `${user} has ${found.length} sessions stored, ${expected.length} alive`)
}

/** All have had their time by now, but for who is found by nobody as long as nobody watches. */
function mustBeGone(world: World, id: string): boolean {
  const session = world.sessions.get(id)
  return session === undefined || world.clock.now() > goneDeadline(world, session)
}

/** No entry of a node that is gone, no session in an entry that is over, each that is live in its node's. */
function checkDirectory(world: World): void {
  const { cluster, nodes, people, calm } = world
  const names = nodes.filter(isRunning).map(({ name }) => name)
  const live = people.users.flatMap((user) => liveSessions(world, user)).map(({ id }) => id)
  const entries = cluster.entries()
  for (const { incarnation } of entries) {
    if (!names.some((name) => incarnation.startsWith(`${name}-`)))
      breaks(world, 'ENTRY', `the entry of ${incarnation} is left`)
  }
  if (entries.length !== names.length)
    breaks(world, 'ENTRY', `${entries.length} entries for ${names.length} nodes`)
  const listed = new Set(entries.flatMap(({ sessions }) => [...sessions.keys()]))
  const missing = live.filter((id) => !listed.has(id)).length
  if (missing > 0)
    breaks(
      world,
      'ENTRY',
      `${missing} sessions that are alive stand in no entry: ${live.filter((id) => !listed.has(id)).join()}`,
    )
  // What a failover has put back there does no harm, and goes with its node: S12 lets nothing come of it.
  if (listed.size > live.length && calm.lostAt === Number.NEGATIVE_INFINITY)
    breaks(
      world,
      'ENTRY',
      `${listed.size} sessions stand in entries, ${live.length} are alive: ${[...listed].filter((id) => !live.includes(id)).join()}`,
    )
}

/** L1 */
function checkConverged(world: World, device: Device): void {
  const { client, user: viewer, subscriptions } = device
  if (!client || !device.wanted || device.dismissed) return
  if (client.state !== 'connected') return breaks(world, 'L1', `${device.name} is ${client.state}`)
  for (const key of subscriptions.keys()) {
    for (const user of key === ROSTER ? world.people.roster(viewer) : [key]) {
      const shown = wireOf(client.get(user))
      const expected = world.people.sees(viewer, user)
        ? newest(userTruth(world, user).history).view
        : ({ user, status: 'unknown' } as const)
      if (client.get(user).stale || !shows(shown, expected, behindMs(world)))
        breaks(world, 'L1', `${device.name} shows ${show(shown)}, stored is ${show(expected)}`)
    }
  }
}

/** S1, S6: a query says what the storage held since it was asked. */
export function checkQuery(world: World, node: ClusterNode, presence: Presence, since: number): void {
  const { clock, cluster, calm } = world
  const { userId: user } = presence
  const shown = wireOf(presence)
  const truth = world.users.get(user)
  if (!truth) return
  observeForgotten(world, user)
  if (shown.status === 'unknown') return judgeUnknown(world, node, `a query says ${show(shown)}`)
  const { views } = truth.history
  const isCurrent = views.some(
    ({ view }, index) =>
      (views[index + 1]?.at ?? clock.now()) >= since && shows(shown, view, behindMs(world)),
  )
  if (!isCurrent)
    breaks(world, 'S1', `a query says ${show(shown)}, stored is ${show(newest(truth.history).view)}`)
  if (!calm.wasStepped && (presence.lastSeen ?? 0) > cluster.time())
    breaks(world, 'S6', `a query says ${show(shown)}`)
}
