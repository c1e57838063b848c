/** Looks at every call of the storage: whether its node may make it, and at every record when it is written. */
import type { UserRecord } from '../../../src/core/record.ts'
import { addressOf, toleranceMs } from '../../../src/core/lease.ts'
import { INTERVAL_SPREAD } from '../../../src/core/timing.ts'
import type { Flush, FlushReply } from '../../../src/server/index.ts'
import type { MemoryCall } from '../../../src/testing/index.ts'
import { isPossible } from '../choices.ts'
import { addView, newest, shownBy } from '../history.ts'
import { describe } from '../observe-storage.ts'
import { GHOST } from '../setup.ts'
import type { SessionTruth } from '../truth.ts'
import { isRunning, type Known, type Reach } from './node.ts'
import {
  faultAt,
  goneDeadline,
  holderOf,
  isOutOfReach,
  mayEnd,
  ownLiveUntil,
  reachOf,
  toldBy,
  writeSlackMs,
} from './verdicts.ts'
import { isFar } from './way.ts'
import { breaks, userTruth, type World } from './world.ts'

/** S13: who has no lease makes no transition. */
export function observeCall(world: World, node: Known, call: MemoryCall): void {
  if (call.method === 'swap' && isFenced(world, node))
    breaks(world, 'S13', `${node.name} writes, and has no lease`)
  if (call.method === 'flush') judgeSilent(world, call.args[0])
}

/** S6: by this a dead node's sessions were last seen. */
function judgeSilent(world: World, { silent }: Flush): void {
  const now = world.clock.now()
  for (const { id, ageMs } of silent) {
    const silentMs = now - (world.sessions.get(id)?.heardAt ?? now)
    if (ageMs > silentMs + 1)
      breaks(world, 'S6', `${id} is said to be silent for ${ageMs} ms, and is for ${silentMs} ms`)
  }
}

/** More than L − F past sending its last good flush. */
export function isFenced({ clock, durations }: World, { leaseSentAt }: Known): boolean {
  const { leaseMs, flushMs } = durations
  return leaseSentAt === null || clock.now() > leaseSentAt + leaseMs - flushMs + 1
}

/** A node reads the answer to a call. */
export function observeAnswer(
  world: World,
  node: Known,
  call: MemoryCall,
  reply: unknown,
  sentAt: number,
): void {
  if (call.method !== 'flush') return
  const { clock } = world
  const { outcome, epoch } = reply as FlushReply
  if (outcome === 'kept' && epoch > node.epochSeen.epoch) node.epochSeen = { epoch, at: clock.now() }
  if (outcome === 'kept') node.leaseSentAt = Math.max(node.leaseSentAt ?? sentAt, sentAt)
  if (outcome === 'lost' && isFenced(world, node)) node.absentUntil = clock.now()
  if (outcome === 'lost') node.leaseSentAt = null
}

/** A call has been carried out. */
export function observeCarried(
  world: World,
  node: Known,
  call: MemoryCall,
  reply: unknown,
  sentAt: number,
): void {
  const { clock, durations, trace } = world
  noteEpoch(world)
  if (call.method === 'flush') {
    const { outcome } = reply as FlushReply
    if (outcome === 'kept') {
      noteKept(world, node, clock.now())
      if (node.way.state !== 'torn') noteKept(world, node.farPart, clock.now())
      noteSessions(world, node, call.args[0], sentAt)
    } else trace(() => `${node.name} ${call.args[0].incarnation} flushes: ${outcome}`)
  }
  if (call.method === 'claim' || call.method === 'discharge')
    trace(() => `${node.name} ${call.method} ${JSON.stringify(call.args)}: ${JSON.stringify(reply)}`)
  if (call.method !== 'swap') return
  const [swaps] = call.args
  const written = swaps.filter(({ id }) => observeRecord(world, id, node))
  const lateMs = clock.now() - sentAt
  if (written.length > 0 && lateMs > toleranceMs(durations) + 2)
    breaks(world, 'S13', `a write of ${node.name} that is ${lateMs} ms late changes something`)
}

function noteKept(world: World, reach: Reach, keptAt: number): void {
  const now = world.clock.now()
  if (reach.keptAt > 0 && isOutOfReach(world, reach)) reach.healed = { at: now, keptAt: reach.keptAt }
  reach.keptAt = keptAt
}

/** Ages are told in whole milliseconds: by so much a sign of life that is told again is another. */
const ROUNDING_MS = 1

/**
 * C2, T − 1.1 H − F, is what is left of T by a last sign of life that was 1.1 H old when the storage was told of it. Where a
 * flush has told of an older one, after a stall of the node say, C2 counts from 1.1 H after that: what the session has
 * answered since, the storage is told by the next flush.
 *
 * S2 speaks of the healing of "a node cut off". Of a session that is silent itself every flush tells the same: its C2 runs
 * out with nothing cut off, and nothing heals by the next one.
 */
function noteSessions(world: World, node: Known, { silent }: Flush, sentAt: number): void {
  const { clock, durations, sides } = world
  const ages = new Map(silent.map(({ id, ageMs }) => [id, ageMs]))
  for (const side of sides.values()) {
    if (side.node !== node || !side.session) continue
    if (node.way.state === 'torn' && isFar(side.session.user)) continue
    const ageMs = ages.get(side.session.id)
    const told =
      ageMs === undefined ? clock.now() : sentAt - ageMs + (1 + INTERVAL_SPREAD) * durations.intervalMs
    const { healed } = isFar(side.session.user) ? node.farPart : node
    // Until the storage is told of a session, its node's reach is its own.
    if (side.reach.keptAt === Number.NEGATIVE_INFINITY) side.reach.healed = healed
    const isNews = told > side.reach.keptAt + ROUNDING_MS
    if (isNews || healed.at === clock.now()) noteKept(world, side.reach, told)
    else side.reach.keptAt = told
  }
}

/** δ of the contract. */
const DELTA_MS = 1_000

/** Looks at what stands there for a user. Says whether that is news. */
function observeRecord(world: World, id: string, author: Known): boolean {
  const { cluster, clock, calm, trace } = world
  const truth = userTruth(world, id)
  const next = cluster.recordOf(id)
  const { stored } = truth
  if (!next.record || (next.version === stored.version && next.epoch === stored.epoch)) return false
  trace(
    () => `storage, by ${author.name}: ${id} ${next.epoch}/${next.version} ${JSON.stringify(next.record)}`,
  )
  if (next.epoch < stored.epoch || (next.epoch === stored.epoch && next.version < stored.version))
    breaks(world, 'S3', `the version of ${id} falls`)
  // Before the first write nobody was there, and whoever had asked by then may be told so.
  if (!stored.record && isOldEpoch(world)) addView(truth.history, shownBy(id, null), clock.now())
  truth.stored = next
  if (next.record.sessions.length > 0) truth.peopledAt = clock.now()
  judgeSessions(world, id, stored.record, next.record)
  judgeLastSeen(world, id, stored.record, next.record)
  // L2: whoever comes on another node before those who hold the user are back is written without their choice.
  const begins = stored.record ? calm.wipedAt : Math.max(calm.wipedAt, faultAt(world))
  const isBeginning =
    next.record.choice === null &&
    !next.record.sessions.some((session) => truth.lostSessions.has(session.id)) &&
    clock.now() <= begins + 2 * world.durations.flushMs + DELTA_MS
  if (isBeginning) allowChoice(world, id, null)
  const isPutBack = JSON.stringify(next.record.choice) === JSON.stringify(truth.lostChoice)
  if (
    !isBeginning &&
    !isPutBack &&
    !isPossible(truth.choice, next.record.choice, calm.wasStepped ? Infinity : cluster.time())
  )
    breaks(world, 'CHOICE', `${id} never chose ${JSON.stringify(next.record.choice)}`)
  // L2, L3: over what was lost everything is news; nobody can tell it from a coming.
  const isNews = addView(truth.history, shownBy(id, next.record), clock.now())
  if (isNews || !stored.record || isRepairing(world)) {
    const views = author.written.get(id) ?? []
    author.written.set(id, [...views, newest(truth.history).view])
  }
  return true
}

/** L3: lost records are repaired ≤ failover + 2 F + 1.2 A; an outage meanwhile holds that up. */
export function isRepairing({
  calm,
  clock,
  durations: { flushMs, compareMs, callTimeoutMs },
}: World): boolean {
  const boundMs = 2 * flushMs + 1.2 * compareMs + callTimeoutMs
  const heldUp = calm.outages.filter(({ from, to }) => to >= calm.lostAt && from <= calm.lostAt + boundMs)
  return clock.now() <= Math.max(calm.lostAt, ...heldUp.map(({ to }) => to)) + boundMs
}

function judgeSessions(world: World, user: string, before: UserRecord | null, after: UserRecord): void {
  const was = new Set(before?.sessions.map(({ id }) => id))
  const is = new Set(after.sessions.map(({ id }) => id))
  for (const entry of after.sessions) if (!was.has(entry.id)) judgeArrival(world, user, entry)
  for (const id of was) {
    const session = world.sessions.get(id)
    if (is.has(id) || !session) continue
    session.removed = true
    const leftMs = Math.round(ownLiveUntil(world, session) - world.clock.now())
    if (!mayEnd(world, session)) {
      const isLast = is.size === 0
      const promise = session.end ? 'S10' : isLast ? 'S2' : 'S15'
      breaks(world, promise, `${describe(session)} is taken out ${leftMs} ms too early`)
    }
  }
}

/** S12: who is gone does not come back. */
function judgeArrival(world: World, user: string, entry: UserRecord['sessions'][number]): void {
  const { clock, sessions, calm, cluster, durations } = world
  const session = sessions.get(entry.id)
  if (session?.user !== user || session.announcedAt === null)
    return breaks(world, 'S12', `${entry.id} of ${user} is put in, and was never announced`)
  const holder = holderOf(world, session)
  const isBack = session.removed
  session.removed = false
  if (!entry.node.startsWith(`${holder.name}-`))
    breaks(world, 'S12', `${describe(session)} is put in as one of ${addressOf(entry.node)}`)
  // A write that was under way at the end of the session arrives, and is followed by its end.
  const endedAt = session.end?.kind === 'drop' ? ownLiveUntil(world, session) : (session.end?.at ?? Infinity)
  // Nor does its node know that it went on elsewhere, where it was not told of that before a wipe.
  const isUntold = session.end?.kind === 'superseded' && clock.now() <= toldBy(world, endedAt)
  const isLoss = calm.lostAt > endedAt || (calm.wipedAt > endedAt && isUntold)
  if (isBack && !isLoss && clock.now() > endedAt + toleranceMs(durations) + writeSlackMs(world))
    breaks(world, 'S12', `${describe(session)} is put in again`)
  if (clock.now() > goneDeadline(world, session))
    breaks(world, 'S12', `${describe(session)} is put in, and is long gone`)
  // L3: what was written to the entry may be lost; its node finds that out by its next flush.
  const knownBy = durations.flushMs + toleranceMs(durations)
  const isLost = calm.lostAt >= holder.keptAt - knownBy
  const isEnlisted = cluster
    .entries()
    .some(({ incarnation, sessions: listed }) => incarnation === entry.node && listed.has(entry.id))
  if (!isEnlisted && !isLost)
    breaks(world, 'ENTRY', `${describe(session)} is put into the record and stands in no entry`)
}

/** S5, S6: last seen moves only forward, and only to where somebody was last seen, or hid. */
function judgeLastSeen(world: World, user: string, before: UserRecord | null, after: UserRecord): void {
  const { calm, cluster, clock, sessions, durations } = world
  const { lastSeen } = after
  if ((lastSeen ?? -Infinity) < (before?.lastSeen ?? -Infinity))
    breaks(world, 'S5', `last seen of ${user} falls from ${before?.lastSeen ?? 0} to ${lastSeen ?? 0}`)
  if (calm.wasStepped || lastSeen === null || lastSeen === (before?.lastSeen ?? null)) return
  if (lastSeen > cluster.time()) breaks(world, 'S6', `last seen of ${user} is in the future`)
  // L2, L3: what was lost with the storage can only be guessed.
  const { lastSeens } = userTruth(world, user)
  const isGuessed = hasLost(world) && (after.lastSeenAccuracy === 'approximate' || lastSeens.has(lastSeen))
  lastSeens.add(lastSeen)
  const now = clock.now()
  const at = lastSeen - cluster.time() + now
  const { flushMs, intervalMs, latencyMs } = durations
  const frozenMs = Math.max(...world.nodes.map(({ process }) => process.longestMs))
  const exactMs = 3 + 2 * latencyMs
  // "≤ F + 1.1 H after a node crash (2.2 H if an answer was missed)"
  const errorMs =
    after.lastSeenAccuracy === 'approximate'
      ? exactMs + flushMs + 2 * (1 + INTERVAL_SPREAD) * intervalMs
      : exactMs + frozenMs
  const own = [...sessions.values()].filter((session) => session.user === user)
  const lives = own.flatMap((session) => livesOf(world, session))
  const hid = userTruth(world, user).choice.wishes.some(
    (wish) => wish.status === 'invisible' && at >= wish.at - exactMs,
  )
  if (!isGuessed && !hid && !lives.some((life) => Math.abs(life - at) <= errorMs))
    breaks(world, 'S6', `${user} was last seen ${now - at} ms ago, when there was no sign of life`)
}

/** Anything since the run began. */
export function hasLost({ calm, nodes }: World): boolean {
  return calm.lostAt > -Infinity || calm.wipedAt >= Math.min(...nodes.map(({ startedAt }) => startedAt))
}

/** The last signs of life that can be meant. Of a node out of reach nobody can know more than when it was heard of last. */
function livesOf(world: World, session: SessionTruth): number[] {
  const { end, heardAt, arrivedAt } = session
  const { keptAt, healed } = reachOf(world, session)
  const lives = [heardAt, arrivedAt, keptAt, healed.keptAt]
  return end && end.kind !== 'drop' ? [...lives, end.at] : lives
}

/** The storage has lost something: from now on what stands there is what it says. */
export function observeLoss(world: World): void {
  const { cluster, clock, users } = world
  for (const [id, truth] of users) {
    const before = truth.stored.record
    truth.stored = cluster.recordOf(id)
    const { record } = truth.stored
    // After a failover the storage itself says so; nothing tells it from the truth (L3).
    if (record) addView(truth.history, shownBy(id, record), clock.now())
    const choice = record?.choice ?? null
    truth.lostChoice = before?.choice ?? truth.lostChoice
    truth.lostSessions = new Set(before?.sessions.map((session) => session.id))
    // L2, L3: what a user chose is kept by whoever holds them; where that is nobody, what is left counts.
    const isHeld = [...world.sessions.values()].some(
      (session) =>
        session.user === id &&
        isRunning(holderOf(world, session)) &&
        before?.sessions.some((entry) => entry.id === session.id) === true &&
        clock.now() < ownLiveUntil(world, session) &&
        faultAt(world) < clock.now(),
    )
    if (!isHeld || record) allowChoice(world, id, choice)
  }
}

/** From now on this choice may stand there too. */
export function allowChoice(
  world: World,
  user: string,
  choice: { readonly status: string; readonly text: string | null } | null,
): void {
  const { clock } = world
  const status = (choice?.status ?? 'auto') as 'auto'
  userTruth(world, user).choice.wishes.push({
    status,
    text: choice?.text ?? null,
    until: null,
    at: clock.now(),
    sure: false,
  })
}

/** Notes when an epoch begins. */
function noteEpoch({ cluster, calm, clock }: World): void {
  // Of somebody for whom nothing ever stands there.
  const { epoch } = cluster.recordOf(GHOST)
  if (epoch <= calm.epoch) return
  // The first one says itself how old it is.
  const ageMs = calm.epoch === 0 ? Math.max(0, cluster.time() - epoch) : 0
  calm.epoch = epoch
  calm.epochSince = clock.now() - ageMs
}

/** L2: nothing of a user stands in a storage that began anew R ago: then they are offline, and nobody knows since when. */
export function observeForgotten(world: World, user: string): void {
  const { cluster, clock } = world
  noteEpoch(world)
  const { epoch, record } = cluster.recordOf(user)
  if (record || epoch === 0 || !isOldEpoch(world)) return
  addView(userTruth(world, user).history, shownBy(user, null), clock.now())
}

/** A node knows the storage's time to within one of its answers. */
function isOldEpoch({ clock, durations, calm }: World): boolean {
  return clock.now() >= calm.epochSince + durations.recoveryHoldMs - durations.latencyMs - 2
}
