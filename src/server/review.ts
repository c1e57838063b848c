/**
 * Contacts have changed: every pair with that user on either side is judged again, those refused before too. Who gains
 * sight is told what there is to see, who loses it gets `unknown`. Pushes need no review: they ask the contacts anew.
 */
import { encodePresence } from '../core/codec.ts'
import { UNKNOWN_VIEW } from '../core/model.ts'
import { isNewer, type Version } from '../core/version.ts'
import { castDoubt, isDoubtful } from './doubt.ts'
import type { NodeAction } from './machine.ts'
import { encodeFor, enqueueChange } from './outbox.ts'
import { learnAll } from './presence.ts'
import { createQuery } from './queries.ts'
import {
  file,
  type NodeState,
  type ReadPurpose,
  type ReviewAudience,
  type ReviewPairs,
  type ReviewRoster,
  type Session,
  storageTime,
  type User,
} from './state.ts'
import type { ReadReply } from './storage/contract.ts'

const NONE: ReadonlySet<string> = new Set()

/** Judges again whom `changed` sees, and who sees `changed`. */
export function reviewContacts(node: NodeState, changed: string, out: NodeAction[]): void {
  castDoubt(node, changed)
  const own = node.users.get(changed)
  if (own) reviewOwn(node, own, out)
  let unsure = false
  for (const purpose of node.questions.values()) {
    if (purpose.type !== 'review:audience' || purpose.changed !== changed || purpose.outdated) continue
    purpose.outdated = true
    unsure = true
  }
  const request = file(node, node.questions, { type: 'review:audience', changed, unsure, outdated: false })
  out.push({ type: 'contacts', request, question: { about: 'contacts', user: changed } })
}

/** Who is to know of `changed` now: those, and all who knew until now, are judged. */
export function onReviewAudience(
  node: NodeState,
  { changed, unsure, outdated }: ReviewAudience,
  audience: ReadonlySet<string> | null,
  out: NodeAction[],
): void {
  if (outdated) return
  for (const purpose of node.questions.values()) {
    // A roster that is asked for just now may lack who is in it from now on.
    if (purpose.type !== 'visibility' || purpose.query.kind !== 'roster') continue
    const viewer = purpose.query.viewer ?? ''
    if (audience === null || audience.has(viewer)) purpose.query.doubts.add(viewer)
  }
  const doubtful = new Set(unsure ? [changed] : [])
  for (const viewer of node.users.values()) {
    if (viewer.id === changed) continue
    if (viewer.roster && (viewer.roster.has(changed) || audience?.has(viewer.id)))
      reviewRoster(node, viewer, doubtful, out)
    for (const session of liveSessions(viewer)) {
      if (session.subscriptions.has(changed)) reviewPairs(node, viewer.id, session, [changed], doubtful, out)
    }
  }
}

/** The contact list of a user who watches it, asked for again. */
export function onReviewRoster(
  node: NodeState,
  { viewer, unsure, doubts, outdated }: ReviewRoster,
  roster: ReadonlySet<string> | null,
  out: NodeAction[],
): void {
  const before = viewer.roster
  if (!before || outdated) return
  const now = roster ?? new Set<string>()
  if (isDoubtful(doubts, viewer.id, now)) {
    return reviewRoster(node, viewer, new Set([...unsure, ...doubts]), out)
  }
  viewer.roster = now
  const watching = liveSessions(viewer).filter((session) => session.watchesRoster)
  const everything = unsure.has(viewer.id)
  const gained = [...now].filter((id) => everything || unsure.has(id) || !before.has(id))
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
  { session, ids, unsure, doubts }: ReviewPairs,
  visible: ReadonlySet<string> | null,
  out: NodeAction[],
): void {
  if (session.phase !== 'live') return
  const viewer = session.user?.id ?? ''
  if (isDoubtful(doubts, viewer, new Set(ids))) {
    return reviewPairs(node, viewer, session, ids, new Set([...unsure, ...doubts]), out)
  }
  const watched = ids.filter((id) => session.subscriptions.has(id))
  const isVisible = (id: string) => visible?.has(id) === true
  const isUnsure = (id: string) => unsure.has(viewer) || unsure.has(id)
  const gained = watched.filter(
    (id) => isVisible(id) && (isUnsure(id) || session.subscriptions.get(id) === false),
  )
  for (const id of watched) session.subscriptions.set(id, isVisible(id))
  hide(
    node,
    session,
    watched.filter((id) => !isVisible(id) && !(session.watchesRoster && session.user?.roster?.has(id))),
    out,
  )
  if (gained.length > 0) readGained(node, [session], gained, out)
}

/** What there is to see of those who can be seen from now on. */
export function onGained(
  node: NodeState,
  { queries, ids }: Extract<ReadPurpose, { type: 'gained' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  if (reply) learnAll(node, ids, reply.records, now, out)
  for (const query of queries) {
    const { session } = query
    if (!session?.queries.delete(query) || !reply) continue
    ids.forEach((id, index) => {
      const stored = reply.records[index]
      if (!stored) return
      const update = encodeFor(query, id, stored, storageTime(node, now))
      const version = newest(query.pushed.get(id)?.version, stored)
      enqueueChange(node, session, { user: id, before: '', update, version }, out)
    })
  }
}

function newest(pushed: Version | undefined, read: Version): Version {
  return pushed && isNewer(pushed, read) ? pushed : read
}

function reviewOwn(node: NodeState, viewer: User, out: NodeAction[]): void {
  if (viewer.roster) reviewRoster(node, viewer, NONE, out)
  for (const session of liveSessions(viewer)) {
    if (session.subscriptions.size > 0)
      reviewPairs(node, viewer.id, session, [...session.subscriptions.keys()], NONE, out)
  }
}

/** The newest question about a roster counts, also for those before it. */
function reviewRoster(node: NodeState, viewer: User, unsure: ReadonlySet<string>, out: NodeAction[]): void {
  const inherited = new Set(unsure)
  for (const purpose of node.questions.values()) {
    if (purpose.type !== 'review:roster' || purpose.viewer !== viewer || purpose.outdated) continue
    purpose.outdated = true
    inherited.add(viewer.id)
  }
  const request = file(node, node.questions, {
    type: 'review:roster',
    viewer,
    unsure: inherited,
    doubts: new Set<string>(),
    outdated: false,
  })
  out.push({ type: 'contacts', request, question: { about: 'roster', user: viewer.id } })
}

function reviewPairs(
  node: NodeState,
  viewer: string,
  session: Session,
  ids: readonly string[],
  unsure: ReadonlySet<string>,
  out: NodeAction[],
): void {
  const request = file(node, node.questions, {
    type: 'review:pairs',
    session,
    ids,
    unsure,
    doubts: new Set<string>(),
  })
  out.push({ type: 'contacts', request, question: { about: 'visible', user: viewer, among: ids } })
}

function readGained(
  node: NodeState,
  sessions: readonly Session[],
  ids: readonly string[],
  out: NodeAction[],
): void {
  const queries = sessions.map((session) => {
    const query = createQuery({ kind: 'fetch', session, viewer: session.user?.id ?? null, ref: 0, ids })
    session.queries.add(query)
    return query
  })
  const request = file(node, node.reads, { type: 'gained', queries, ids })
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
