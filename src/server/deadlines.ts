/** When to look at a session or a user again: the earliest of what each of them waits for. */
import { serverHeartbeatDueAt } from '../core/heartbeat.ts'
import type { Session, User } from './entities.ts'
import { type NodeState, nextSpread } from './state.ts'
import { cancel, schedule } from './wheel.ts'

/** How long contacts or a storage that failed are left alone, and whoever asks too much. */
export const RETRY_MS = 1_000
/** A token is renewed this long before it expires, or at nine tenths of its life where that is shorter. */
const RENEWAL_LEAD_MS = 60_000
const RENEWAL_LEAD_PART = 0.1
/** A delay of publication is at least this part of what it is at most. */
const LEAST_DELAY = 0.5
const NEVER = Number.POSITIVE_INFINITY

/** Sets when to look at a session again. */
export function scheduleSession(node: NodeState, session: Session): void {
  if (session.phase === 'ended') cancel(node.wheel, session)
  else schedule(node.wheel, session, sessionDueAt(node, session))
}

function sessionDueAt(node: NodeState, session: Session): number {
  const { phase, phaseEndsAt, heartbeat, expiry, sentAwayAt, congestedUntil } = session
  if (phase === 'hello' || phase === 'authenticating' || phase === 'grace') return phaseEndsAt ?? NEVER
  const beatAt = serverHeartbeatDueAt(heartbeat, node.config.timing.timeoutMs)
  const tokenAt = expiry?.isAsked ? expiry.at : expiry?.renewAt
  return Math.min(beatAt, tokenAt ?? NEVER, sentAwayAt ?? NEVER, congestedUntil || NEVER)
}

/** Notes when a token expires and when to ask for the next one. */
export function noteTokenEnd(
  node: NodeState,
  session: Session,
  expiresAt: number | undefined,
  now: number,
): void {
  session.expiry = null
  if (expiresAt === undefined) return
  const at = expiresAt - node.storageOffset
  const leadMs = Math.min(RENEWAL_LEAD_MS, (at - now) * RENEWAL_LEAD_PART)
  session.expiry = { at, renewAt: at - leadMs, isAsked: false }
}

/** Sets when to look at a user again. */
export function scheduleUser(node: NodeState, user: User): void {
  const keptUntil = user.sessions.length === 0 && user.keptUntil > 0 ? user.keptUntil : NEVER
  const dueAt = Math.min(user.retryAt ?? NEVER, user.judgeAt, userLapsesAt(node, user), keptUntil)
  if (Number.isFinite(dueAt)) schedule(node.wheel, user, dueAt)
  else cancel(node.wheel, user)
}

/** In how long it is judged again whom somebody sees of whose changes nobody told: A, spread by a fifth either way. */
export function judgeEveryMs(node: NodeState): number {
  return node.config.timing.compareMs * (0.8 + 0.4 * nextSpread(node))
}

/** When something in the user's record lapses, as far as that is this node's business; monotonic. */
export function userLapsesAt(node: NodeState, user: User): number {
  if (!user.known || user.sessions.length === 0) return Number.POSITIVE_INFINITY
  const { choice, shownFrom = Number.POSITIVE_INFINITY } = user.known.record
  return Math.min(choice?.until ?? Number.POSITIVE_INFINITY, shownFrom) - node.storageOffset
}

/** For how long it is kept back this time that somebody comes or goes. */
export function publishDelay(node: NodeState): number {
  const { publishDelayMs } = node.config.timing
  return publishDelayMs === 0 ? 0 : publishDelayMs * (LEAST_DELAY + (1 - LEAST_DELAY) * nextSpread(node))
}
