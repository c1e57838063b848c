/**
 * Contacts have changed: every pair with that user on either side is judged again, those refused before too. Who gains
 * sight is told what there is to see, who loses it gets `unknown`. Pushes need no review: they ask the contacts anew.
 */
import { encodePresence } from '../core/codec.ts'
import { UNKNOWN_VIEW } from '../core/model.ts'
import { EMPTY_RECORD, viewOf } from '../core/record.ts'
import type { NodeAction } from './machine.ts'
import { enqueueChange } from './outbox.ts'
import {
  type ContactsPurpose,
  file,
  type NodeState,
  type ReadPurpose,
  type Session,
  storageTime,
  type User,
} from './state.ts'
import type { ReadReply } from './storage/contract.ts'

/** Judges again whom `changed` sees, and who sees `changed`. */
export function reviewContacts(node: NodeState, changed: string, out: NodeAction[]): void {
  const own = node.users.get(changed)
  if (own) reviewOwn(node, own, out)
  const request = file(node, node.questions, { type: 'review:audience', changed })
  out.push({ type: 'contacts', request, question: { about: 'contacts', user: changed } })
}

/** Who is to know of `changed` now: those, and all who knew until now, are judged. */
export function onReviewAudience(
  node: NodeState,
  { changed }: Extract<ContactsPurpose, { type: 'review:audience' }>,
  audience: ReadonlySet<string> | null,
  out: NodeAction[],
): void {
  for (const viewer of node.users.values()) {
    if (viewer.id === changed) continue
    if (viewer.roster && (viewer.roster.has(changed) || audience?.has(viewer.id)))
      reviewRoster(node, viewer, out)
    for (const session of liveSessions(viewer)) {
      if (session.subscriptions.has(changed)) reviewPairs(node, viewer, session, [changed], out)
    }
  }
}

/** The contact list of a user who watches it, asked for again. */
export function onReviewRoster(
  node: NodeState,
  { viewer }: Extract<ContactsPurpose, { type: 'review:roster' }>,
  roster: ReadonlySet<string> | null,
  out: NodeAction[],
): void {
  const before = viewer.roster
  if (!before) return
  const now = roster ?? new Set<string>()
  viewer.roster = now
  const watching = liveSessions(viewer).filter((session) => session.watchesRoster)
  const gained = [...now].filter((id) => !before.has(id))
  const lost = [...before].filter((id) => !now.has(id))
  for (const session of watching) {
    hide(
      node,
      session,
      lost.filter((id) => session.subscriptions.get(id) !== true),
      out,
    )
  }
  if (gained.length > 0) readGained(node, watching, gained, out)
}

/** Pairs of a session that subscribes by id, judged again. */
export function onReviewPairs(
  node: NodeState,
  { session, ids }: Extract<ContactsPurpose, { type: 'review:pairs' }>,
  visible: ReadonlySet<string> | null,
  out: NodeAction[],
): void {
  if (session.phase !== 'live') return
  const watched = ids.filter((id) => session.subscriptions.has(id))
  const isVisible = (id: string) => visible?.has(id) === true
  const gained = watched.filter((id) => isVisible(id) && session.subscriptions.get(id) === false)
  for (const id of watched) session.subscriptions.set(id, isVisible(id))
  hide(
    node,
    session,
    watched.filter((id) => !isVisible(id) && !session.user?.roster?.has(id)),
    out,
  )
  if (gained.length > 0) readGained(node, [session], gained, out)
}

/** What there is to see of those who can be seen from now on. */
export function onGained(
  node: NodeState,
  { sessions, ids }: Extract<ReadPurpose, { type: 'gained' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  if (!reply) return
  ids.forEach((id, index) => {
    const stored = reply.records[index]
    if (!stored) return
    const update = encodePresence(id, viewOf(stored.record ?? EMPTY_RECORD, storageTime(node, now)))
    for (const session of sessions) {
      if (session.phase === 'live')
        enqueueChange(node, session, { user: id, before: '', update, version: stored }, out)
    }
  })
}

function reviewOwn(node: NodeState, viewer: User, out: NodeAction[]): void {
  if (viewer.roster) reviewRoster(node, viewer, out)
  for (const session of liveSessions(viewer)) {
    if (session.subscriptions.size > 0)
      reviewPairs(node, viewer, session, [...session.subscriptions.keys()], out)
  }
}

function reviewRoster(node: NodeState, viewer: User, out: NodeAction[]): void {
  const request = file(node, node.questions, { type: 'review:roster', viewer })
  out.push({ type: 'contacts', request, question: { about: 'roster', user: viewer.id } })
}

function reviewPairs(
  node: NodeState,
  viewer: User,
  session: Session,
  ids: readonly string[],
  out: NodeAction[],
): void {
  const request = file(node, node.questions, { type: 'review:pairs', session, ids })
  out.push({ type: 'contacts', request, question: { about: 'visible', user: viewer.id, among: ids } })
}

function readGained(
  node: NodeState,
  sessions: readonly Session[],
  ids: readonly string[],
  out: NodeAction[],
): void {
  const request = file(node, node.reads, { type: 'gained', sessions, ids })
  out.push({ type: 'read', request, ids })
}

function hide(node: NodeState, session: Session, ids: readonly string[], out: NodeAction[]): void {
  const version = { epoch: Number.MAX_SAFE_INTEGER, version: 0 }
  for (const id of ids) {
    const update = encodePresence(id, UNKNOWN_VIEW)
    enqueueChange(node, session, { user: id, before: '', update, version }, out)
  }
}

function liveSessions(user: User): Session[] {
  return [...user.sessions.values()].filter(({ phase }) => phase === 'live')
}
