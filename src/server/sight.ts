/** Who gains sight of somebody is told what there is to see; who loses it gets `unknown`. */
import { encodePresence } from '../core/codec.ts'
import { UNKNOWN_VIEW } from '../core/model.ts'
import { isNewer, type Version } from '../core/version.ts'
import { RETRY_MS, scheduleUser } from './deadlines.ts'
import type { NodeAction } from './machine.ts'
import { enqueueChange } from './outbox.ts'
import { learnAll } from './learning.ts'
import type { Query, Session, User } from './entities.ts'
import { liveSessions } from './registry.ts'
import type { ReadPurpose } from './purposes.ts'
import { createQuery, endQuery, startQuery } from './query.ts'
import type { Sights } from './sights.ts'
import { viewFor } from './snapshot.ts'
import { file, type NodeState, storageTime } from './state.ts'
import type { ReadReply } from './storage/contract.ts'
import { createTelling, textAt, textOf } from './telling.ts'
import { leaveRoster, noteShown, rosterIds, rosterSight, sightOf, watchByRoster } from './watch.ts'

const NONE: ReadonlySet<string> = new Set()

/** Where being hidden stands in the order: behind everything that was known before. */
export const HIDDEN: Version = Object.freeze({ epoch: Number.MAX_SAFE_INTEGER, version: 0 })

/** Whom the user may watch as a whole, from now on. */
export function applyRoster(
  node: NodeState,
  viewer: User,
  roster: Sights,
  how: {
    /** Of whom a push may have been held back meanwhile; the viewer: of all. */
    readonly unsure?: ReadonlySet<string>
    /** This one gets a snapshot anyway. */
    readonly except?: Session
  },
  out: NodeAction[],
): void {
  const { unsure = NONE } = how
  const isAllUnsure = unsure.has(viewer.id)
  const gained: string[] = []
  roster.ids.forEach((id, place) => {
    const isSame = rosterSight(node, viewer, id) === roster.sights[place]
    if (isAllUnsure || unsure.has(id) || !isSame) gained.push(id)
  })
  // Most lists that are looked at again by and by are as they were.
  if (gained.length === 0 && viewer.viewers.listed === roster.size) return
  const lost = rosterIds(node, viewer).filter((id) => !roster.has(id))
  const watching = liveSessions(viewer).filter((session) => session.watchesRoster)
  const told = watching.map((session) => (session === how.except ? [] : gained.filter(isPast(session))))
  const watchedBefore = gained.filter((id) => rosterSight(node, viewer, id) !== 'nothing')
  for (const ids of [watchedBefore, ...told]) watchByRoster(node, viewer, roster, ids)
  leaveRoster(node, viewer, lost)
  watching.forEach((session, index) => {
    amendSnapshots(session, roster)
    hide(
      node,
      session,
      lost.filter((id) => sightOf(session, node.watched.get(id)) === 'nothing'),
      out,
    )
    const ids = told[index] ?? []
    if (ids.length > 0) readGained(node, [session], ids, out)
  })
}

/** Whether a session is shown somebody by no snapshot that is still on its way. */
function isPast(session: Session): (id: string) => boolean {
  const taken = rosterQueries(session).map((query) => new Set(query.ids.slice(0, query.taken)))
  return (id) => taken.every((ids) => ids.has(id))
}

/** Snapshots of the roster that are on their way go on by what it is now. */
function amendSnapshots(session: Session, roster: Sights): void {
  for (const query of rosterQueries(session)) {
    const listed = new Set(query.ids)
    query.sights = roster
    query.ids = [...query.ids, ...roster.ids.filter((id) => !listed.has(id))]
  }
}

function rosterQueries({ queries }: Session): Query[] {
  return queries.filter(({ kind, sights }) => kind === 'roster' && sights !== null)
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
  const time = storageTime(node, now)
  for (const query of queries) {
    const { session } = query
    if (!session || !endQuery(session, query)) continue
    if (!reply) {
      if (session.user) judgeLater(node, session.user, now)
      continue
    }
    ids.forEach((id, index) => {
      const stored = reply.records[index]
      if (!stored) return
      const watched = node.watched.get(id)
      const sight = sightOf(session, watched)
      if (sight === 'nothing' || wasToldMeanwhile(query, id, stored)) return
      const view = viewFor(node, query, id, stored, now)
      const telling = createTelling(id, view)
      const update = textOf(telling, sight, time)
      const text = textAt(telling, sight, time)
      const version = newest(query.pushed.get(id)?.version, stored)
      enqueueChange(node, session, { user: id, before: '', update, text, view, version }, out)
      if (watched) noteShown(session, watched, { version, telling, sight }, time)
    })
  }
}

/** By a push, or by what another question has found: as one who watches by roster and by id is asked about twice. */
function wasToldMeanwhile({ pushed }: Query, id: string, stored: Version): boolean {
  const version = pushed.get(id)?.version
  return version !== undefined && version !== HIDDEN && !isNewer(stored, version)
}

function newest(pushed: Version | undefined, read: Version): Version {
  return pushed && isNewer(pushed, read) ? pushed : read
}

/** Has a session shown what there is to see of these users. */
export function readGained(
  node: NodeState,
  sessions: readonly Session[],
  ids: readonly string[],
  out: NodeAction[],
): void {
  const queries = sessions.map((session) => {
    const query = createQuery({ kind: 'fetch', session, viewer: session.user?.id ?? null, ref: 0, ids })
    startQuery(session, query)
    return query
  })
  const request = file(node, node.reads, { type: 'gained', queries, ids })
  out.push({ type: 'read', request, ids })
}

/** Shows a session nothing more of these users. */
export function hide(node: NodeState, session: Session, ids: readonly string[], out: NodeAction[]): void {
  for (const id of ids) {
    const update = encodePresence(id, UNKNOWN_VIEW)
    const change = { user: id, before: '', update, text: update, view: UNKNOWN_VIEW, version: HIDDEN }
    enqueueChange(node, session, change, out)
  }
}

/** What could not be found out for a viewer hides for now, and is asked again. */
export function judgeLater(node: NodeState, viewer: User, now: number): void {
  viewer.reviewFailed = true
  viewer.retryAt = Math.min(viewer.retryAt ?? Infinity, now + RETRY_MS)
  scheduleUser(node, viewer)
}
