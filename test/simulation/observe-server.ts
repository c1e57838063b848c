/**
 * The observer at the server's door. It notes what each connection says and hears, keeps the truth about the sessions,
 * and holds every frame that leaves against the history of what the users showed.
 */
import type { Self, ServerMessage, WirePresence } from '../../src/core/messages.ts'
import type { MemoryLink } from '../../src/testing/index.ts'
import { type Door, hear, lose, noteLife, welcomed, type Wishing } from './door.ts'
import { follow } from './history.ts'
import { createServerSide, noteAnswer, type ServerSide, serverMessage } from './server-side.ts'
import type { SocketObserver } from './socket.ts'
import { liveUntil } from './truth.ts'
import { GATHERING_MS } from './waits.ts'
import { behindMs, breaks, type Trace, type UserTruth, type World } from './world.ts'

export function observeServer(world: World, link: MemoryLink, trace: Trace): SocketObserver {
  const side = createServerSide(link, world.clock.now())
  world.sides.set(link.id, side)
  const says = (what: string): void => trace(() => `server #${link.id} ${what}`)
  return {
    arrived() {
      side.arrivedAt = world.clock.now()
      if (side.session && !side.closed) side.session.arrivedAt = side.arrivedAt
    },
    heard(frame) {
      says(`hears ${frame}`)
      if (!side.closed) hear(doorOf(world), side, frame)
    },
    said(frame) {
      says(`says ${frame}`)
      const message = serverMessage(frame)
      if (message) say(world, side, message)
      else breaks(world, 'SOUND', `the server says what is no message: ${frame}`)
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
  return {
    clock,
    sessions,
    said: (user) => {
      noteSaid(world, user)
    },
    wished: (user, wishing) => {
      wish(world, user, wishing)
    },
  }
}

/** A user wishes to be shown so. */
export function wish(world: World, user: string, { status, text, expiresInMs, sure }: Wishing): void {
  const { clock, server, setup } = world
  // The server knows the storage's time to within one of its answers.
  const until = expiresInMs === undefined ? null : server.clock.time() + expiresInMs - setup.latencyMs - 1
  userTruth(world, user).choice.wishes.push({ status, text, until, at: clock.now(), sure })
  noteSaid(world, user)
}

function noteSaid(world: World, user: string): void {
  userTruth(world, user).saidAt = world.clock.now()
}

function say(world: World, side: ServerSide, message: ServerMessage): void {
  switch (message.type) {
    case 'welcome':
      return welcome(world, side, message.session, message.user)
    case 'snapshot':
      if (!side.questions.has(message.ref))
        breaks(world, 'ANSWER', `#${side.link.id}: a snapshot that nobody waits for`)
      if (message.more !== true) side.refs.delete(message.ref)
      for (const wire of message.users) tell(world, side, wire, false)
      return noteAnswer(side, message, world.clock.now())
    case 'PRESENCE_UPDATE':
      for (const wire of message.users) tell(world, side, wire, true)
      return
    case 'self':
      return tellSelf(world, side, message)
    case 'error':
      side.errors++
      if (message.ref === undefined) return
      side.refs.delete(message.ref)
      side.questions.delete(message.ref)
      return
    case 'heartbeat':
      if (message.now > world.server.clock.time() && !world.wallStepped)
        breaks(world, 'S6', `#${side.link.id}: a heartbeat from the future`)
      return
    case 'renew':
    case 'stale':
    case 'close':
      return breaks(world, 'SOUND', `#${side.link.id}: a ${message.type} that nothing calls for`)
  }
}

function welcome(world: World, side: ServerSide, id: string, user: string): void {
  if (user !== side.user || side.session || world.sessions.has(id))
    breaks(world, 'SOUND', `#${side.link.id}: a welcome for somebody else, or a second one`)
  welcomed(doorOf(world), side, id, user)
}

function tellSelf(world: World, { session, link, leaving, refs }: ServerSide, { status, ref }: Self): void {
  if (ref !== undefined) refs.delete(ref)
  if (!session) return
  session.acknowledged = true
  const stored = userTruth(world, session.user).history.views
  if (!leaving && !stored.some(({ view }) => view.status === status))
    breaks(world, 'S4', `#${link.id}: ${session.user} is told to be ${status}, which they never were`)
}

/** Holds a record that leaves against all that may be said. */
function tell(world: World, side: ServerSide, wire: WirePresence, isNotice: boolean): void {
  const { people, server } = world
  const { user } = wire
  const viewer = side.user ?? ''
  const where = `#${side.link.id} (${viewer}) ${isNotice ? 'is notified of' : 'gets'} ${JSON.stringify(wire)}`
  const asked = side.askedFor.has(user) || (side.asksRoster && people.roster(viewer).includes(user))
  if (!asked) return breaks(world, 'S7', `${where} without having asked`)
  if (!people.sees(viewer, user)) {
    if (wire.status !== 'unknown' || Object.keys(wire).length > 2) breaks(world, 'S7', where)
    return
  }
  // S14, "≤ W after a stepped clock": an answer of the storage that was on its way at the step tells the time before it, and what
  // was told by then is still to be sent.
  const learns = world.wallSteppedAt + world.setup.latencyMs / 2 + GATHERING_MS + 1
  if (wire.lastSeen !== undefined && wire.lastSeen > server.clock.time() && world.clock.now() > learns)
    breaks(world, 'S6', `${where}, in the future`)
  const verdict = follow(
    userTruth(world, user).history,
    side.places.get(user),
    wire,
    isNotice,
    behindMs(world),
  )
  if (verdict === 'stepped back')
    breaks(world, 'S3', `${where}, which is older than what it got, or never was`)
  else if (verdict === 'told twice') breaks(world, 'S11', `${where} for the second time`)
  else if (verdict !== 'fine') side.places.set(user, verdict)
}

/** The server may end a connection only for a reason. */
function judgeEnd(world: World, side: ServerSide, code: number | null): void {
  const { clock, closing, bounds, setup } = world
  const { session, leaving, link } = side
  const now = clock.now()
  const isFull = link.server !== null && link.server.bufferedAmount > setup.queueSoftBytes
  const isHello = session === null && now - side.openedAt >= 5_000
  const reasons: Readonly<Record<string, boolean>> = {
    null: now >= side.arrivedAt + bounds.timeoutMs || isFull,
    1000: leaving,
    1011: isHello,
    1012: closing,
    4000: side.errors > 1,
    4004: session?.end?.kind === 'kick' || session?.announcedAt === null,
    4005: session?.end?.kind === 'superseded',
    4102: isHello,
  }
  const until = session ? liveUntil(session, bounds) : now
  if (reasons[String(code)] !== true)
    breaks(world, 'SOUND', `the server ends #${link.id} with ${code}; live for ${until - now} ms more`)
}

export function userTruth({ users }: World, user: string): UserTruth {
  const truth = users.get(user)
  if (!truth) throw new Error(`There is no ${user}`)
  return truth
}
