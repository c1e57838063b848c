/**
 * The observer at a node's door. It notes what each connection says and hears, keeps the truth about the sessions, and
 * holds every frame that leaves against the history of what the users showed.
 */
import type { ServerMessage, WirePresence } from '../../../src/core/messages.ts'
import type { MemoryLink } from '../../../src/testing/index.ts'
import { type Door, hear, lose, noteLife, welcomed } from '../door.ts'
import { follow, shows, type History, type Place } from '../history.ts'
import { createServerSide, noteAnswer, serverMessage } from '../server-side.ts'
import type { SocketObserver } from '../socket.ts'
import { type ClusterNode, createReach, type Known } from './node.ts'
import { isFenced, isRepairing, observeForgotten } from './observe-storage.ts'
import { behindMs, faultAt, tellSlackMs } from './verdicts.ts'
import type { SessionTruth } from '../truth.ts'
import { breaks, type ClusterSide, userTruth, type World } from './world.ts'

export function observeDoor(world: World, node: ClusterNode, link: MemoryLink): SocketObserver {
  const { clock } = world
  const side: ClusterSide = {
    ...createServerSide(link, clock.now()),
    node,
    askedAt: -Infinity,
    reach: createReach(),
  }
  world.sides.set(link.id, side)
  const door = doorOf(world)
  const says = (what: string): void => {
    world.trace(() => `${node.name} #${link.id} ${what}`)
  }
  return {
    arrived() {
      if (node.phase === 'dead') return
      side.arrivedAt = clock.now()
      if (side.session && !side.closed) side.session.arrivedAt = side.arrivedAt
    },
    heard(frame) {
      says(`hears ${frame}`)
      if (!side.closed) hear(door, side, frame)
    },
    said(frame) {
      says(`says ${frame}`)
      const message = serverMessage(frame)
      if (message) say(world, door, side, message)
      else breaks(world, 'SOUND', `${node.name} says what is no message: ${frame}`)
    },
    ended(code) {
      says(`is ended with ${code}`)
      if (!side.closed) judgeEnd(world, side, code)
      side.closed = true
      lose(world, side, 'drop')
    },
    gone(code) {
      says(`is gone: ${code}`)
      if (side.closed) return
      side.closed = true
      // A close frame is a sign of life; silence is none.
      if (code !== 1006) noteLife(world, side)
      lose(world, side, 'drop')
    },
  }
}

function doorOf(world: World): Door {
  const { clock, sessions } = world
  const said = (user: string): void => {
    userTruth(world, user).saidAt = clock.now()
  }
  return {
    clock,
    sessions,
    said,
    wished(user, { status, text, sure }) {
      userTruth(world, user).choice.wishes.push({ status, text, until: null, at: clock.now(), sure })
      said(user)
    },
  }
}

function say(world: World, door: Door, side: ClusterSide, message: ServerMessage): void {
  const { link, node } = side
  switch (message.type) {
    case 'welcome':
      if (message.user !== side.user || side.session || world.sessions.has(message.session))
        breaks(world, 'SOUND', `#${link.id}: a welcome for somebody else, or a second one`)
      return welcomed(door, side, message.session, message.user)
    case 'snapshot': {
      const askedAt = side.refs.get(message.ref)
      if (!side.questions.has(message.ref) || askedAt === undefined)
        breaks(world, 'ANSWER', `#${link.id}: a snapshot that nobody waits for`)
      if (message.more !== true) side.refs.delete(message.ref)
      for (const wire of message.users) tell(world, side, wire, askedAt ?? null)
      return noteAnswer(side, message, world.clock.now())
    }
    case 'PRESENCE_UPDATE':
      for (const wire of message.users) tell(world, side, wire, null)
      return
    case 'self':
      if (message.ref !== undefined) side.refs.delete(message.ref)
      if (side.session) side.session.acknowledged = true
      return
    case 'error':
      side.errors++
      if (message.ref === undefined) return
      side.refs.delete(message.ref)
      side.questions.delete(message.ref)
      return
    case 'renew':
    case 'close':
      return breaks(world, 'SOUND', `${node.name} #${link.id}: a ${message.type} that nothing calls for`)
    case 'heartbeat':
      side.askedAt = world.clock.now()
      return
    case 'stale':
  }
}

/** Holds a record that leaves against all that may be said. `askedAt`: it answers a question; `null`: it is a notice. */
function tell(world: World, side: ClusterSide, wire: WirePresence, askedAt: number | null): void {
  const { people, cluster, calm, clock, durations } = world
  const { node, link } = side
  const { user } = wire
  const viewer = side.user ?? ''
  const where = `${node.name} #${link.id} (${viewer}) ${askedAt === null ? 'is notified of' : 'gets'} ${JSON.stringify(wire)}`
  if (wire.stale !== true && isFenced(world, node))
    breaks(world, 'S13', `${where}; ${node.name} has no lease`)
  const asked = side.askedFor.has(user) || (side.asksRoster && people.roster(viewer).includes(user))
  if (!asked) return breaks(world, 'S7', `${where} without having asked`)
  if (!people.sees(viewer, user)) {
    if (wire.status !== 'unknown' || Object.keys(wire).length > 2) breaks(world, 'S7', where)
    return
  }
  if (wire.status === 'unknown') {
    side.places.set(user, { at: 0, ...side.places.get(user), notified: -1, last: wire })
    return judgeUnknown(world, node, where)
  }
  // S14: a node learns of a stepped clock by the next answer of the storage, W at the latest.
  const learns = calm.steppedAt + durations.sweepMs + durations.callTimeoutMs + durations.latencyMs
  if (wire.lastSeen !== undefined && wire.lastSeen > cluster.time() && clock.now() > learns)
    breaks(world, 'S6', `${where}, in the future`)
  observeForgotten(world, user)
  const { history } = userTruth(world, user)
  const place = side.places.get(user)
  const from = askedAt === null ? place : startAt(history, place, askedAt)
  const verdict = follow(history, from, wire, askedAt === null, behindMs(world))
  if (verdict === 'stepped back' && isLostView(world, history, wire)) {
    side.places.set(user, { at: 0, notified: -1, ...from, last: wire })
    return
  }
  if (verdict === 'stepped back')
    breaks(world, 'S3', `${where}, which is older than what it got, or never was`)
  else if (verdict === 'told twice') breaks(world, 'S11', `${where} for the second time`)
  else if (verdict !== 'fine') side.places.set(user, verdict)
}

/**
 * L3: until "failover + 2 F + 1.2 A" what was lost is put back. Those who were told of it know more than the storage, and
 * so do whoever watches on their node: what the storage lost is the newer, and is shown before it stands there again.
 */
function isLostView(world: World, { views }: History, wire: WirePresence): boolean {
  const { calm } = world
  const isLost = (at: number): boolean => at >= calm.copiedAt && at < calm.lostAt
  return isRepairing(world) && views.some(({ view, at }) => isLost(at) && shows(wire, view, behindMs(world)))
}

/** S1: the answer to a question is not older than the question. */
function startAt({ views, user }: History, place: Place | undefined, askedAt: number): Place {
  const current = views.filter(({ at }) => at < askedAt).length - 1
  const at = Math.max(0, current, place?.at ?? 0)
  return { notified: -1, last: { user, status: 'unknown' }, ...place, at }
}

/**
 * L2: `unknown` ≤ R. R runs "where a running node lost its storage or saw an epoch begin": from the first flush of its own
 * that the new epoch answered. When the epoch began by the storage's clock is no input: that may have been stepped.
 */
export function judgeUnknown(world: World, { startedAt, epochSeen }: Known, where: string): void {
  const { calm, clock, durations } = world
  const epochSince = Math.max(calm.epochSince, calm.wipedAt)
  const hasSeen = epochSeen.epoch >= calm.epoch && epochSeen.at >= calm.wipedAt
  const began = startedAt > epochSince ? epochSince : hasSeen ? epochSeen.at : clock.now()
  // By a clock that was put back nobody who came later can tell when the storage began.
  const since = calm.wasStepped ? Math.max(began, startedAt, faultAt(world)) : began
  const until = since + durations.recoveryHoldMs + durations.callTimeoutMs + tellSlackMs(world)
  if (clock.now() > until) breaks(world, 'L2', `${where}, long after the storage began anew`)
}

/** A newer session of the same client has been announced. */
function isTakenUp({ sides }: World, { id }: SessionTruth): boolean {
  return [...sides.values()].some(({ previous, session }) => previous === id && session?.announcedAt != null)
}

/** A node may end a connection only for a reason. */
function judgeEnd(world: World, side: ClusterSide, code: number | null): void {
  const { clock, durations } = world
  const { session, leaving, link, node } = side
  const now = clock.now()
  const isHello = session === null && now - side.openedAt >= 5_000
  const reasons: Readonly<Record<string, boolean>> = {
    null: now >= side.arrivedAt + durations.timeoutMs || node.phase !== 'up',
    1000: leaving,
    1011: isHello,
    1012: node.phase !== 'up',
    4005: session !== null && (session.end?.kind === 'superseded' || isTakenUp(world, session)),
    4102: isHello,
  }
  if (reasons[String(code)] !== true) breaks(world, 'SOUND', `${node.name} ends #${link.id} with ${code}`)
}
