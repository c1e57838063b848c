/** What must hold after every step, and what must hold in the end. */
import type { Presence } from '../../src/core/model.ts'
import { isWished } from './choices.ts'
import { currentSide, type Device, ROSTER } from './device.ts'
import { newest, shows } from './history.ts'
import { describe, judgeStay } from './observe-storage.ts'
import { userTruth } from './observe-server.ts'
import type { ServerSide } from './server-side.ts'
import { liveUntil } from './truth.ts'
import { show, wireOf } from './wire.ts'
import { GATHERING_MS } from './waits.ts'
import { behindMs, breaks, isLate, tellSlackMs, type World, writeSlackMs } from './world.ts'

/** Looks at everything. What is wrong is noted in the world. */
export function checkStep(world: World): void {
  checkSessions(world)
  for (const user of world.users.keys()) checkRecord(world, user)
  for (const side of world.sides.values()) {
    if (side.closed) continue
    checkSilence(world, side)
    checkAnswers(world, side)
    checkWatchers(world, side)
  }
  checkDeadlines(world)
  for (const device of world.devices) checkClient(world, device)
}

/** S1, S2, S9, S10, S15: who stands in the storage, and who must. */
function checkSessions(world: World): void {
  const { clock, sessions, bounds } = world
  for (const session of sessions.values()) {
    if (session.announcedAt === null || session.removed) continue
    const { record } = userTruth(world, session.user).stored
    if (record?.sessions.some(({ id }) => id === session.id)) {
      judgeStay(world, session)
      continue
    }
    const isWritten = clock.now() >= session.announcedAt + GATHERING_MS
    const isDue = isLate(world, session.announcedAt, writeSlackMs(world)) || (isPrompt(world) && isWritten)
    if (isDue && clock.now() < liveUntil(session, bounds))
      breaks(world, 'S10', `${describe(session)} is not in the storage`)
  }
}

function checkRecord(world: World, user: string): void {
  const { server, sessions } = world
  const { stored, choice, saidAt } = userTruth(world, user)
  const { record } = stored
  // What has an end may have lapsed at any time where a clock was stepped.
  const time = world.wallStepped ? Infinity : server.clock.time()
  if (!isLate(world, saidAt, writeSlackMs(world) + 1)) return
  if (!isWished(choice, record?.choice ?? null, time))
    breaks(
      world,
      'CHOICE',
      `${user} chose ${JSON.stringify(choice.wishes)}, stored is ${JSON.stringify(record?.choice)}`,
    )
  choice.held = record?.choice ?? null
  choice.wishes = []
  for (const { id, activity } of record?.sessions ?? []) {
    const session = sessions.get(id)
    if (session?.end === null && session.activity !== activity)
      breaks(world, 'S4', `${describe(session)} is ${session.activity}, stored as ${activity}`)
  }
}

/** L6 */
function checkSilence(world: World, { heardAt, link }: ServerSide): void {
  if (isLate(world, heardAt + world.bounds.timeoutMs + 1_000, 0))
    breaks(
      world,
      'L6',
      `#${link.id} is still there ${world.clock.now() - heardAt} ms after its last sign of life`,
    )
}

/** Nobody waits for an answer in vain: the session has been announced, its question read. */
function checkAnswers(world: World, { refs, link, session, fullAt }: ServerSide): void {
  const since = session?.announcedAt ?? null
  if (since === null) return
  for (const [ref, at] of refs) {
    if (isLate(world, Math.max(at, since, fullAt + 200), 2 * writeSlackMs(world) + tellSlackMs(world) + 10))
      breaks(
        world,
        'ANSWER',
        `#${link.id}: request ${ref} has been without an answer for ${world.clock.now() - at} ms`,
      )
  }
}

/** S4: whoever watches has been sent what the storage holds. */
function checkWatchers(world: World, side: ServerSide): void {
  const { people, clock } = world
  if ((side.link.server?.bufferedAmount ?? 0) > 0) side.fullAt = clock.now()
  if (side.session?.acknowledged !== true || side.leaving || side.user === null) return
  const watched = new Map(side.watched)
  if (side.rosterSince !== null)
    for (const user of people.roster(side.user)) if (!watched.has(user)) watched.set(user, side.rosterSince)
  for (const [user, since] of watched) {
    if (!people.sees(side.user, user) || !world.users.has(user)) continue
    const { view, at } = newest(userTruth(world, user).history)
    const last = side.places.get(user)?.last
    if (last && shows(last, view, behindMs(world))) continue
    // A socket that was full is looked at again after 100 ms, and a tick.
    const isDue = isLate(world, Math.max(at, since, side.fullAt + 200), tellSlackMs(world))
    const isNow = clock.now() > side.fullAt + 200 && clock.now() >= Math.max(at, since) + GATHERING_MS
    if (isDue || (isPrompt(world) && isNow))
      breaks(
        world,
        'S4',
        `#${side.link.id} (${side.user}) knows ${user} as ${show(last)}, stored is ${show(view)}`,
      )
  }
}

/** With prompt adapters and a server that was not held up everything is done at the instant itself. */
function isPrompt({ setup, server, clock, bounds }: World): boolean {
  const { storage, contacts, changesPerMinute } = setup
  const isSteady = !server.frozen && clock.now() > server.thawedAt + bounds.timeoutMs / 60
  return isSteady && storage === 'prompt' && contacts === 'prompt' && changesPerMinute >= 60
}

/** S14: as long as there is anybody, the server wakes in time. */
function checkDeadlines({ sessions, sides, server, clock, bounds, ...world }: World): void {
  const isNeeded =
    [...sides.values()].some(({ closed }) => !closed) ||
    [...sessions.values()].some(
      (session) => session.announcedAt !== null && clock.now() < liveUntil(session, bounds),
    )
  const first = Math.min(...server.deadlines())
  const latest = clock.now() + bounds.timeoutMs + 1_000
  if (isNeeded && !server.frozen && first > latest)
    breaks(
      world as World,
      'S14',
      `the server wakes in ${first - clock.now()} ms, with sessions to look after`,
    )
}

/** S3: a client shows what it was last told on the connection that it has. */
function checkClient(world: World, device: Device): void {
  const { client, process, subscriptions } = device
  const side = currentSide(device)
  if (client?.state !== 'connected' || process.frozen || !side?.welcomed) return
  for (const [user, wire] of side.last) {
    if (
      !subscriptions.has(user) &&
      !(subscriptions.has(ROSTER) && world.people.roster(device.user).includes(user))
    )
      continue
    const presence = client.get(user)
    if (!presence.stale && !shows(wireOf(presence), wire, 0))
      breaks(world, 'S3', `${device.name} shows ${show(wireOf(presence))}, last told ${show(wire)}`)
  }
}

/** After all faults are healed and enough time has passed: everybody agrees with the truth. */
export async function checkEnd(world: World): Promise<void> {
  const { users, sessions, bounds, clock, presence, people } = world
  for (const [user, { stored }] of users) {
    const live = [...sessions.values()].filter(
      (session) =>
        session.user === user && session.announcedAt !== null && clock.now() < liveUntil(session, bounds),
    )
    const expected = live.map(({ id }) => id).sort()
    const found = (stored.record?.sessions ?? []).map(({ id }) => id).sort()
    if (expected.join() !== found.join())
      breaks(
        world,
        expected.length < found.length ? 'S1' : 'S2',
        `${user} has ${found.length} sessions stored, ${expected.length} alive`,
      )
  }
  for (const device of world.devices) checkConverged(world, device)
  for (const viewer of [undefined, ...people.users]) {
    const ids = people.users
    const answer = presence.get(ids, viewer === undefined ? {} : { as: viewer })
    await clock.advance(world.setup.latencyMs * 4 + 1)
    for (const found of await answer) checkAnswer(world, found, viewer, 0)
  }
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

/** S1, S7: a query says what the storage holds, and nothing to those who may not see it. */
export function checkAnswer(
  world: World,
  presence: Presence,
  viewer: string | undefined,
  since: number,
): void {
  const { people, clock } = world
  const { userId: user } = presence
  const shown = wireOf(presence)
  if (viewer !== undefined && !people.sees(viewer, user)) {
    if (Object.keys(shown).length > 2 || shown.status !== 'unknown')
      breaks(world, 'S7', `${viewer} asks, and gets ${show(shown)}`)
    return
  }
  const truth = world.users.get(user)
  if (!truth) return
  const { views } = truth.history
  const isCurrent = views.some(
    ({ view }, index) =>
      (views[index + 1]?.at ?? clock.now()) >= since && shows(shown, view, behindMs(world)),
  )
  if (!isCurrent)
    breaks(world, 'S1', `a query says ${show(shown)}, stored is ${show(newest(truth.history).view)}`)
  if ((presence.lastSeen ?? 0) > world.server.clock.time()) breaks(world, 'S6', `a query says ${show(shown)}`)
}
