/** What is heard at a server's door, and what follows from it for the truth about the sessions. */
import { isChoice } from '../../src/core/codec.ts'
import type { PresenceUpdate } from '../../src/core/messages.ts'
import type { SessionActivity, StatusChoice } from '../../src/core/model.ts'
import { clientMessage, noteQuestion, type ServerSide } from './server-side.ts'
import type { EndKind, SessionTruth } from './truth.ts'

/** What a user wishes to be shown as. */
export interface Wishing {
  readonly status: StatusChoice
  readonly text: string | null | undefined
  readonly expiresInMs: number | undefined
  /** The server must take it: it was heard from a session that was live. */
  readonly sure: boolean
}

/** Who keeps the truth. */
export interface Door {
  readonly clock: { now(): number }
  readonly sessions: Map<string, SessionTruth>
  /** A user has said something that changes what they are. */
  said(user: string): void
  wished(user: string, wish: Wishing): void
}

export function noteLife({ clock }: Pick<Door, 'clock'>, side: ServerSide): void {
  side.arrivedAt = side.heardAt = clock.now()
  if (side.session) side.session.arrivedAt = side.session.heardAt = clock.now()
}

/** The session ends, if it has not ended already. */
export function lose(
  { clock }: Pick<Door, 'clock'>,
  { session }: Pick<ServerSide, 'session'>,
  kind: EndKind,
): void {
  if (session && session.announcedAt !== null) session.end ??= { kind, at: clock.now() }
}

/** A frame is read. */
export function hear(door: Door, side: ServerSide, frame: string): void {
  side.heardAt = door.clock.now()
  if (side.session) side.session.heardAt = side.heardAt
  const message = clientMessage(frame)
  if (!message) return
  if (side.session && message.type === 'heartbeat') side.session.answeredAt = side.heardAt
  // Not by a frame that repeats the ref: greetings, goodbyes, ends of a watch.
  const isQuiet =
    message.type === 'PRESENCE_UPDATE'
      ? message.status === 'offline'
      : message.type === 'hello' || (message.type === 'roster' && !message.watch)
  if ('ref' in message && !isQuiet) side.refs.set(message.ref, side.heardAt)
  if (message.type === 'PRESENCE_UPDATE') return hearUpdate(door, side, message)
  if (message.type !== 'hello') return noteQuestion(side, message)
  side.user ??= message.token ?? null
  side.previous ??= message.previous ?? null
}

function hearUpdate(door: Door, side: ServerSide, message: PresenceUpdate): void {
  const { session } = side
  if (isChoice(message)) return hearChoice(door, side, message)
  if (message.status === 'offline') {
    side.leaving = true
    return lose(door, side, 'leave')
  }
  const activity = message.status as SessionActivity
  if (!session) side.announcesEarly ??= activity
  else if (session.announcedAt === null) announce(door, side, session, activity)
  else {
    session.activity = activity
    door.said(session.user)
  }
}

function hearChoice(door: Door, { session, leaving }: ServerSide, message: PresenceUpdate): void {
  if (!session || leaving) return
  door.wished(session.user, {
    status: message.status as StatusChoice,
    text: message.text,
    expiresInMs: message.expiresInMs,
    sure: session.acknowledged,
  })
}

/** The server has welcomed a connection. */
export function welcomed(door: Door, side: ServerSide, id: string, user: string): void {
  side.session = {
    link: side.link.id,
    id,
    user,
    announcedAt: null,
    acknowledged: false,
    arrivedAt: side.arrivedAt,
    heardAt: side.heardAt,
    answeredAt: side.heardAt,
    activity: 'online',
    end: null,
    removed: false,
  }
  door.sessions.set(id, side.session)
  if (side.announcesEarly) announce(door, side, side.session, side.announcesEarly)
  if (side.leaving) lose(door, side, 'leave')
}

function announce(door: Door, side: ServerSide, session: SessionTruth, activity: SessionActivity): void {
  session.announcedAt = door.clock.now()
  session.activity = activity
  door.said(session.user)
  const previous = door.sessions.get(side.previous ?? '')
  if (previous?.user !== session.user || previous.announcedAt === null || previous === session) return
  // One that is past its time, and still there, is superseded all the same.
  if (previous.end === null || previous.end.kind === 'drop') {
    if (!previous.removed) previous.end = { kind: 'superseded', at: door.clock.now() }
  }
}
