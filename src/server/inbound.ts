/** What comes in on a connection: limits first, then the frame, then what it asks for. */
import { decodeClientFrame, isChoice } from '../core/codec.ts'
import { CLOSE } from '../core/errors.ts'
import { noteLife } from '../core/heartbeat.ts'
import { utf8Length } from '../core/ids.ts'
import type { ClientMessage, PresenceUpdate } from '../core/messages.ts'
import type { SessionActivity, StatusChoice } from '../core/model.ts'
import type { RecordChange } from '../core/record-change.ts'
import { choiceOf } from './choosing.ts'
import type { NodeAction } from './machine.ts'
import { countEvent, createMeter } from './meter.ts'
import { sendError } from './outbox.ts'
import { changePresence } from './changes.ts'
import { askAbout, askForRoster, unsubscribe, unwatchRoster } from './queries.ts'
import { leave, refuse } from './endings.ts'
import { announce, hello, renewToken, resume } from './session.ts'
import type { Session } from './entities.ts'
import type { NodeState } from './state.ts'

/** A connection may send this many bad frames a minute; one more ends it. */
const FAULTS_FORGIVEN = 2
/** A connection that has this many bursts of frames dropped in a minute is ended. */
const BURSTS_FORGIVEN = 10
const MINUTE_MS = 60_000
const SECOND_MS = 1_000
/** Frames that wait for a session to be ready: the client's first handful, before anybody knows who it is. */
const EARLY_FRAMES = 16
const ASKS_ABOUT_OTHERS: ReadonlySet<ClientMessage['type']> = new Set([
  'subscribe',
  'unsubscribe',
  'roster',
  'fetch',
])
/** Changes of one user that wait for the storage at once. */
const WAITING_UPDATES = 64

/** A text frame has come. */
export function receive(
  node: NodeState,
  session: Session,
  frame: string,
  now: number,
  out: NodeAction[],
): void {
  noteLife(session.heartbeat, now)
  const { limits } = node.config
  const most = session.phase === 'hello' ? limits.helloFrameBytes : limits.frameBytes
  // A UTF-16 unit is at most three bytes; only what may be too large is measured.
  if (frame.length * 3 > most && utf8Length(frame) > most) {
    return refuse(node, session, CLOSE.TOO_LARGE, now, out)
  }
  const decoded = decodeClientFrame(frame, limits)
  // Any other may have been on its way for long, from a client that has gone on elsewhere since.
  if (session.doubted && decoded.ok && decoded.message.type === 'heartbeat') resume(node, session)
  const ref = decoded.ok ? ('ref' in decoded.message ? decoded.message.ref : undefined) : decoded.ref
  if (isTooFast(node, session, ref, now, out)) return
  if (!decoded.ok) fault(node, session, decoded.code, ref, now, out)
  else if (!isEarly(session, decoded.message)) obey(node, session, decoded.message, now, out)
  else if (mayWait(session, frame, limits.frameBytes)) session.early = [...session.early, frame]
  else sendError(session, 'RATE_LIMITED', ref, out, SECOND_MS)
}

/** Of somebody who is not known yet no more is kept than one frame could hold. */
function mayWait({ early, phase }: Session, frame: string, frameBytes: number): boolean {
  if (early.length >= EARLY_FRAMES) return false
  return (
    phase !== 'authenticating' || early.reduce((sum, one) => sum + one.length, frame.length) <= frameBytes
  )
}

/** What had to wait for the session is done now, in the order it came. */
export function receiveEarly(node: NodeState, session: Session, now: number, out: NodeAction[]): void {
  const frames = session.early
  session.early = []
  for (const frame of frames) {
    const decoded = decodeClientFrame(frame, node.config.limits)
    if (!decoded.ok) continue
    if (isEarly(session, decoded.message)) session.early = [...session.early, frame]
    else obey(node, session, decoded.message, now, out)
  }
}

/**
 * Before the user is known everything waits; while the session is being announced, what asks about others. What it
 * says of itself stands in line behind the announcement anyway: a goodbye counts though the connection is gone by then.
 */
function isEarly({ phase }: Session, { type }: ClientMessage): boolean {
  if (phase === 'authenticating') return type !== 'hello'
  return phase === 'announcing' && ASKS_ABOUT_OTHERS.has(type)
}

function obey(
  node: NodeState,
  session: Session,
  message: ClientMessage,
  now: number,
  out: NodeAction[],
): void {
  if (session.phase === 'hello' || message.type === 'hello') {
    if (session.phase === 'hello' && message.type === 'hello') hello(node, session, message, now, out)
    else fault(node, session, 'STATE', undefined, now, out)
    return
  }
  switch (message.type) {
    case 'heartbeat':
      return
    case 'token':
      return renewToken(session, message.token, out)
    case 'PRESENCE_UPDATE':
      return updatePresence(node, session, message, now, out)
    case 'unsubscribe':
      if (session.phase !== 'live') return fault(node, session, 'STATE', undefined, now, out)
      return unsubscribe(node, session, message.users)
    case 'subscribe':
    case 'fetch':
      if (session.phase !== 'live') return fault(node, session, 'STATE', message.ref, now, out)
      return askAbout(node, session, message.type, message.users, message.ref, now, out)
    case 'roster':
      if (session.phase !== 'live') return fault(node, session, 'STATE', message.ref, now, out)
      if (message.watch) return askForRoster(node, session, message.ref as number, now, out)
      return unwatchRoster(node, session)
  }
}

function updatePresence(
  node: NodeState,
  session: Session,
  message: PresenceUpdate,
  now: number,
  out: NodeAction[],
): void {
  if (isChoice(message)) return choose(node, session, message, now, out)
  if (message.status === 'offline') return leave(node, session, now, out)
  const activity = message.status as SessionActivity
  if (session.phase === 'welcomed') return announce(node, session, activity, message.ref, now, out)
  session.activity = activity
  update(node, session, { type: 'activity', session: session.id, activity }, message.ref, out)
}

function choose(
  node: NodeState,
  session: Session,
  message: PresenceUpdate,
  now: number,
  out: NodeAction[],
): void {
  if (!isAnnounced(session)) return fault(node, session, 'STATE', message.ref, now, out)
  const { user } = session
  if (!user) return
  const { text, expiresInMs = null, ref } = message
  const chosen = { status: message.status as StatusChoice, text, expiresInMs }
  update(node, session, choiceOf(node, user, chosen, now), ref, out)
}

function isAnnounced({ phase }: Session): boolean {
  return phase === 'announcing' || phase === 'live'
}

/** Has a change made, and answered where the client waits for it. */
function update(
  node: NodeState,
  session: Session,
  change: RecordChange,
  ref: number | undefined,
  out: NodeAction[],
): void {
  const { user } = session
  if (!user) return
  if (user.queue.length >= WAITING_UPDATES) return sendError(session, 'UNAVAILABLE', ref, out)
  changePresence(node, user, change, ref === undefined ? null : { type: 'update', session, ref })
}

/** Something that this protocol does not have, or not at this moment. */
export function fault(
  node: NodeState,
  session: Session,
  code: 'BAD_MESSAGE' | 'BAD_ID' | 'STATE',
  ref: number | undefined,
  now: number,
  out: NodeAction[],
): void {
  session.faults ??= createMeter(now)
  if (countEvent(session.faults, now, MINUTE_MS) > FAULTS_FORGIVEN)
    refuse(node, session, CLOSE.BAD_MESSAGE, now, out)
  else sendError(session, code, ref, out)
}

function isTooFast(
  node: NodeState,
  session: Session,
  ref: number | undefined,
  now: number,
  out: NodeAction[],
): boolean {
  const { framesPerSecond, frameBurst } = node.config.limits
  if (framesPerSecond === 0) return false
  const windowMs = (frameBurst / framesPerSecond) * SECOND_MS
  if (countEvent(session.frames, now, windowMs) <= frameBurst) return false
  session.floods ??= createMeter(now)
  if (countEvent(session.floods, now, MINUTE_MS) > frameBurst * BURSTS_FORGIVEN) {
    refuse(node, session, CLOSE.RATE_LIMITED, now, out)
  } else {
    sendError(session, 'RATE_LIMITED', ref, out, Math.ceil(session.frames.startedAt + windowMs - now))
  }
  return true
}
