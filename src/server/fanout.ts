/**
 * Fan-out on write: whom to tell of a transition, and the telling.
 *
 *   transition → contacts of the user → those of them with a live session → their sessions that watch → outbox
 *
 * Whoever is not in the user's contact list is never a target. One fan-out a user runs at a time: what changes
 * meanwhile makes it start over with the newest, so that nobody is told the older thing last. What watchers were
 * last told is kept; a view that comes back to it tells nobody, save those whom an answer has shown what lay between.
 */
import { encodePresence } from '../core/codec.ts'
import type { NodeAction } from './machine.ts'
import { askTurn, enqueueChange } from './outbox.ts'
import { forgetIdleUser, watches } from './registry.ts'
import { scheduleUser } from './deadlines.ts'
import { isDoubtful } from './doubt.ts'
import { seenBy } from './presence-of.ts'
import {
  type ContactsPurpose,
  file,
  type NodeState,
  type ReadPurpose,
  storageTime,
  type User,
} from './state.ts'
import type { ReadReply } from './storage/contract.ts'

/** Beyond this many contacts asking where they are costs more than trying them all here. */
const LOCATE_AT_MOST = 1_000
/** How long contacts or a storage that failed are left alone. */
const RETRY_MS = 1_000

/** Tells of what the user shows now, if that is not what was told last. */
export function pursueFanout(node: NodeState, user: User, out: NodeAction[]): void {
  if (user.fanout !== 'none' || !user.known) return
  if (user.encoded === user.told && user.strays.size === 0) return forgetIdleUser(node, user)
  user.fanout = 'running'
  const request = file(node, node.questions, {
    type: 'audience',
    user,
    version: user.known.version,
    doubts: new Set<string>(),
  })
  out.push({ type: 'contacts', request, question: { about: 'contacts', user: user.id } })
}

/** The contacts have told who is to know, or failed to. */
export function onAudience(
  node: NodeState,
  { user, version, doubts }: Extract<ContactsPurpose, { type: 'audience' }>,
  ids: ReadonlySet<string> | null,
  now: number,
  out: NodeAction[],
): void {
  if (!ids) return tryLater(node, user, now)
  if (isDoubtful(doubts, user.id, ids)) return startOver(node, user, out)
  // A user may watch themself.
  const audience = [...ids, user.id]
  if (audience.length > LOCATE_AT_MOST) return complete(node, user, version, audience, now, out)
  const request = file(node, node.reads, {
    type: 'locate',
    user,
    version,
    audience,
    doubts: new Set<string>(),
  })
  out.push({ type: 'read', request, ids: audience })
}

/** The storage has told which of them are live, or failed to. */
export function onLocated(
  node: NodeState,
  { user, version, audience, doubts }: Extract<ReadPurpose, { type: 'locate' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  if (!reply) return tryLater(node, user, now)
  if (doubts.size > 0 && isDoubtful(doubts, user.id, new Set(audience))) return startOver(node, user, out)
  const live = audience.filter((_, index) => (reply.records[index]?.record?.sessions.length ?? 0) > 0)
  complete(node, user, version, live, now, out)
}

function complete(
  node: NodeState,
  user: User,
  version: number,
  recipients: readonly string[],
  now: number,
  out: NodeAction[],
): void {
  user.fanout = 'none'
  if (user.known?.version === version) deliver(node, user, recipients, now, out)
  pursueFanout(node, user, out)
}

/** Hands the change to every session here that watches. */
function deliver(
  node: NodeState,
  user: User,
  recipients: readonly string[],
  now: number,
  out: NodeAction[],
): void {
  const { id, known, told, encoded: update } = user
  if (!known) return
  const time = storageTime(node, now)
  const isPast = user.view.lastSeen === null || user.view.lastSeen <= time
  const text = isPast ? update : encodePresence(id, seenBy(time, user.view))
  const strays = new Map(user.strays)
  user.strays.clear()
  user.told = update
  for (const recipient of recipients) {
    const viewer = node.users.get(recipient)
    if (!viewer) continue
    for (const session of viewer.sessions.values()) {
      if (session.phase !== 'live' || !watches(node, viewer, session, id)) continue
      const before = strays.get(session) ?? told
      enqueueChange(node, session, { user: id, before, update, text, version: known }, out)
    }
  }
  askTurn(node, out)
}

/** The contacts have changed since they were asked: what they said may not hold any more. */
function startOver(node: NodeState, user: User, out: NodeAction[]): void {
  user.fanout = 'none'
  pursueFanout(node, user, out)
}

function tryLater(node: NodeState, user: User, now: number): void {
  user.fanout = 'failed'
  user.retryAt = Math.min(user.retryAt, now + RETRY_MS)
  scheduleUser(node, user)
}
