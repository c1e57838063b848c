/** Looks at every record at the moment it is written: who was put in or taken out, and whether that was right. */
import type { UserRecord } from '../../src/core/record.ts'
import { isPossible } from './choices.ts'
import { addView, shownBy } from './history.ts'
import { userTruth } from './observe-server.ts'
import type { PromiseId } from './promises.ts'
import { goneBy, liveUntil, type SessionTruth } from './truth.ts'
import { breaks, isLate, type Trace, type World, writeSlackMs } from './world.ts'

/** A swap has been carried out, or has found something else. */
export function observeSwap(world: World, id: string, trace: Trace): void {
  const truth = world.users.get(id)
  const reply = world.storage.read([id])
  if (!truth || !('records' in reply)) return
  const [next] = reply.records
  const { stored } = truth
  if (!next?.record || next.version === stored.version) return
  trace(() => `storage: ${id} ${JSON.stringify(next.record)}`)
  if (next.version < stored.version) breaks(world, 'S3', `the version of ${id} falls`)
  truth.stored = next
  judgeSessions(world, idsOf(stored.record), idsOf(next.record), id)
  judgeLastSeen(world, id, stored.record, next.record)
  const time = world.wallStepped ? Infinity : world.server.clock.time()
  if (!isPossible(truth.choice, next.record.choice, time))
    breaks(world, 'CHOICE', `${id} never chose ${JSON.stringify(next.record.choice)}`)
  addView(truth.history, shownBy(id, next.record), world.clock.now())
}

function judgeSessions(
  world: World,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
  user: string,
): void {
  for (const id of after) if (!before.has(id)) judgeArrival(world, user, id)
  for (const id of before) {
    const session = world.sessions.get(id)
    if (after.has(id) || !session) continue
    session.removed = true
    const leftMs = liveUntil(session, world.bounds) - world.clock.now()
    if (leftMs > 0)
      breaks(world, falseEnd(world, session), `${describe(session)} is taken out ${leftMs} ms too early`)
    judgeStay(world, session)
  }
}

function judgeArrival(world: World, user: string, id: string): void {
  const session = world.sessions.get(id)
  const isWelcome =
    session?.user === user &&
    session.announcedAt !== null &&
    !session.removed &&
    !isLate(world, goneBy(session, world.bounds), writeSlackMs(world))
  if (!isWelcome)
    breaks(world, 'S12', `${session ? describe(session) : id} is put in, gone or never announced`)
}

/** Whether a session that stands in the storage has been there for too long. */
export function judgeStay(world: World, session: SessionTruth): void {
  const by = goneBy(session, world.bounds)
  if (isLate(world, by, writeSlackMs(world)))
    breaks(world, lateEnd(session), `${describe(session)} stays ${world.clock.now() - by} ms too long`)
}

/** Which promise a false end breaks. */
function falseEnd(world: World, { user, end }: SessionTruth): PromiseId {
  if (end) return 'S10'
  const others = [...world.sessions.values()].filter((other) => other.user === user && other.end !== null)
  if (others.some((other) => other.end?.kind === 'superseded')) return 'S12'
  return others.some((other) => !other.removed || liveUntil(other, world.bounds) >= world.clock.now())
    ? 'S15'
    : 'S2'
}

/** Which promise a missing end breaks. */
function lateEnd({ end }: SessionTruth): PromiseId {
  if (end?.kind === 'leave' || end?.kind === 'kick') return 'S9'
  return end?.kind === 'superseded' ? 'S12' : 'S1'
}

/** Last seen moves only forward, and only to where somebody was really last seen, or hid. */
function judgeLastSeen(world: World, user: string, before: UserRecord | null, after: UserRecord): void {
  if (world.wallStepped) return
  const { clock, server } = world
  const isNew = after.lastSeen !== (before?.lastSeen ?? null)
  const toServerTime = (at: number): number => at + server.clock.time() - clock.now()
  const sessions = [...world.sessions.values()].filter((session) => session.user === user)
  const lives = sessions.filter(({ end, removed }) => end !== null || removed).map(lastLife)
  const hid = userTruth(world, user).choice.wishes.filter(({ status }) => status === 'invisible')
  const fits = (at: number): boolean => isAbout(world, after.lastSeen, toServerTime(at))
  if (isNew && !lives.some(fits) && !hid.some(({ at }) => isBetween(world, after.lastSeen, toServerTime(at))))
    breaks(world, 'S6', `${user} was last seen at ${after.lastSeen}, when there was no sign of life`)
  const isGone = after.sessions.length === 0 && (before?.sessions.length ?? 0) > 0
  if (!isGone || after.choice?.status === 'invisible' || before?.choice?.status === 'invisible') return
  const [last] = sessions
    .filter(({ id, end }) => idsOf(before).has(id) && end?.kind !== 'superseded')
    .map((session) => toServerTime(lastLife(session)))
    .sort((a, b) => b - a)
  if (last !== undefined && (after.lastSeen ?? -Infinity) < last - tolerance(world))
    breaks(world, 'S6', `${user} was last seen at ${after.lastSeen}, but gave a sign of life at ${last}`)
}

function lastLife({ end, heardAt }: SessionTruth): number {
  return end?.kind === 'leave' ? end.at : heardAt
}

/** One storage round trip, and the fractions of a millisecond. An answer may lie unread while the server is frozen. */
function tolerance({ setup, server }: World): number {
  return 2 + (setup.storage === 'prompt' ? 0 : 2 * setup.latencyMs + server.longestMs)
}

function isAbout(world: World, instant: number | null, expected: number): boolean {
  return instant !== null && Math.abs(instant - expected) <= tolerance(world)
}

/** Hiding counts from when the server takes it up. */
function isBetween(world: World, instant: number | null, since: number): boolean {
  const { server } = world
  return instant !== null && instant >= since - tolerance(world) && instant <= server.clock.time()
}

function idsOf(record: UserRecord | null): Set<string> {
  return new Set(record?.sessions.map(({ id }) => id))
}

export function describe({ user, link, end }: SessionTruth): string {
  return `the session of ${user} on #${link}, ${end ? `ended by ${end.kind}` : 'alive'},`
}
