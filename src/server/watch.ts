/**
 * Who watches whom here, and what they saw last. Of each watched user it is kept what their watchers were told, so that
 * nobody is told the older thing last or the same thing twice, wherever the news comes from.
 */
import { isNewer, NO_VERSION, type Version } from '../core/version.ts'
import type { Sight } from '../core/visibility.ts'
import type { Session, Shown, Telling, User, Watched } from './entities.ts'
import { dropValue, putValue, valueOf } from './number-map.ts'
import {
  createSightTable,
  dropSight,
  forEachSight,
  list,
  listedIn,
  makeRoom,
  putSight,
  sightIn,
  unlist,
} from './sight-table.ts'
import type { Sights } from './sights.ts'
import { freshNumber, type NodeState } from './state.ts'
import { textOf } from './telling.ts'

/** A number of changes of contacts that is not known yet. */
export const NOT_SEEN = -1
const NOTHING_TOLD: Version = Object.freeze({ epoch: 0, version: NO_VERSION })

/** A session wants to know of these from now on, by their ids. How much it may see is not known yet. */
export function subscribe(node: NodeState, session: Session, ids: Iterable<string>): void {
  const { user: viewer } = session
  if (!viewer) return
  for (const id of ids) {
    const { viewers, number } = watchedUser(node, id)
    if (sightIn(viewers, viewer.number) === undefined) putSight(viewers, viewer.number, 'nothing')
    session.subscriptions ??= createSightTable()
    putSight(session.subscriptions, number, 'nothing')
  }
}

/** A session does not want to know of these by their ids any more. */
export function stopSubscribing(node: NodeState, session: Session, ids: readonly string[]): void {
  for (const id of ids) {
    const watched = node.watched.get(id)
    if (watched && session.subscriptions) dropSight(session.subscriptions, watched.number)
  }
  if (session.subscriptions?.size === 0) session.subscriptions = null
  if (session.user) stopWatching(node, session.user, ids)
}

/** It is known how much a session sees of somebody it subscribes to; if it still does. */
export function judgeSubscription(node: NodeState, session: Session, id: string, sight: Sight): void {
  const { subscriptions } = session
  const watched = node.watched.get(id)
  if (subscriptions && watched && sightIn(subscriptions, watched.number) !== undefined)
    putSight(subscriptions, watched.number, sight)
}

export function isSubscribed(node: NodeState, { subscriptions }: Session, id: string): boolean {
  const watched = node.watched.get(id)
  return (
    subscriptions !== null && watched !== undefined && sightIn(subscriptions, watched.number) !== undefined
  )
}

/** Whom a session subscribes to by their ids. */
export function subscribedIds(node: NodeState, { subscriptions }: Session): string[] {
  const ids: string[] = []
  if (!subscriptions) return ids
  forEachSight(subscriptions, (number) => {
    const watched = valueOf(node.watchedByNumber, number)
    if (watched) ids.push(watched.id)
  })
  return ids
}

/** Whom a user watches by their roster. */
export function rosterIds(node: NodeState, { viewers }: User): string[] {
  return listedIn(viewers).flatMap((number) => valueOf(node.watchedByNumber, number)?.id ?? [])
}

/**
 * A session of this user wants to know of these too from now on, as they stand in the roster.
 *
 * @param from - where the first of them stands in it, if they follow each other there
 */
export function watchByRoster(
  node: NodeState,
  viewer: User,
  roster: Sights,
  ids: readonly string[],
  from = 0,
): void {
  viewer.hasRoster = true
  // For the whole of it: page by page a long list would be laid out anew for each.
  makeRoom(viewer.viewers, roster.size)
  ids.forEach((id, index) => {
    const watched = watchedUser(node, id)
    putSight(watched.viewers, viewer.number, roster.of(id, from + index))
    list(viewer.viewers, watched.number)
  })
}

/** No session of this user may want to know of their roster any more. */
export function forgetRoster(node: NodeState, viewer: User): void {
  if (!viewer.hasRoster || viewer.sessions.some(({ watchesRoster }) => watchesRoster)) return
  viewer.hasRoster = false
  leaveRoster(node, viewer, rosterIds(node, viewer))
}

/** Of those whom a user has watched by their roster these are not in it any more. */
export function leaveRoster(node: NodeState, viewer: User, ids: readonly string[]): void {
  for (const id of ids) {
    const watched = node.watched.get(id)
    if (!watched) continue
    putSight(watched.viewers, viewer.number, 'nothing')
    unlist(viewer.viewers, watched.number)
  }
  stopWatching(node, viewer, ids)
}

/** Perhaps no session of this user wants to know of these any more. */
function stopWatching(node: NodeState, viewer: User, ids: Iterable<string>): void {
  for (const id of ids) {
    const watched = node.watched.get(id)
    if (!watched || viewer.sessions.some((session) => wants(session, watched))) continue
    dropSight(watched.viewers, viewer.number)
    if (watched.viewers.size > 0) continue
    node.watched.delete(id)
    dropValue(node.watchedByNumber, watched.number)
  }
}

/** A session that ends wants to know of nobody. To be called after its watch list was emptied. */
export function forgetWatcher(node: NodeState, session: Session, ids: Iterable<string>): void {
  const { user } = session
  if (!user) return
  for (const id of [...ids, ...rosterIds(node, user)]) {
    const watched = node.watched.get(id)
    if (watched) forgetStray(watched, session)
  }
  forgetRoster(node, user)
  stopWatching(node, user, ids)
}

/** Users of this node who watch somebody. */
export function viewersOf(node: NodeState, { viewers }: Watched): User[] {
  // A list that grows makes room three times for what it holds.
  const users = new Array<User>(viewers.size)
  let count = 0
  forEachSight(viewers, (number) => {
    const viewer = valueOf(node.usersByNumber, number)
    if (viewer) users[count++] = viewer
  })
  users.length = count
  return users
}

/** What an answer has shown of a user. */
export interface Answered {
  readonly version: Version
  readonly telling: Telling
  readonly sight: Sight
}

/** An answer may show a watcher something else than what all were told last: what comes next must know where this one stands. */
export function noteShown(
  session: Session,
  watched: Watched,
  { version, telling, sight }: Answered,
  time: number,
): void {
  if (!wants(session, watched)) return
  const { told } = watched
  if (told === null) {
    watched.told = telling
    watched.version = version
    return
  }
  const text = textOf(telling, sight, time)
  if (!isNewer(version, watched.version) && text === textOf(told, sightOf(session, watched), time))
    forgetStray(watched, session)
  else noteStray(watched, session, { version, text })
}

/** This one has been shown something else than the others. */
export function noteStray(watched: Watched, session: Session, shown: Shown): void {
  watched.strays ??= new Map()
  watched.strays.set(session, shown)
}

/** This one has been shown what all have. */
export function forgetStray(watched: Watched, session: Session): void {
  if (watched.strays?.delete(session) && watched.strays.size === 0) watched.strays = null
}

/** Whatever comes next is news, if it differs from what was told. */
export function forgetOrder(watched: Watched): void {
  watched.version = NOTHING_TOLD
  for (const [session, { text }] of watched.strays ?? [])
    noteStray(watched, session, { version: NOTHING_TOLD, text })
}

/** How much a session that wants to know of a user sees of them. */
export function sightOf(session: Session, watched: Watched | undefined): Sight {
  if (!watched) return 'nothing'
  const { user } = session
  return sightBy(session, watched, (user && sightIn(watched.viewers, user.number)) ?? 'nothing')
}

/** The same, where it is known how much the user sees by their roster. */
export function sightBy(
  { subscriptions, watchesRoster }: Session,
  { number }: Watched,
  byRoster: Sight,
): Sight {
  const byId = (subscriptions && sightIn(subscriptions, number)) ?? 'nothing'
  return byId === 'nothing' && watchesRoster ? byRoster : byId
}

/** How much a user sees of another by their roster; `nothing`: they are not in there. */
export function rosterSight(node: NodeState, viewer: User, target: string): Sight {
  const watched = node.watched.get(target)
  return (watched && sightIn(watched.viewers, viewer.number)) ?? 'nothing'
}

function wants({ subscriptions, watchesRoster, user }: Session, { number, viewers }: Watched): boolean {
  if (subscriptions && sightIn(subscriptions, number) !== undefined) return true
  return watchesRoster && user !== null && (sightIn(viewers, user.number) ?? 'nothing') !== 'nothing'
}

function watchedUser(node: NodeState, id: string): Watched {
  const known = node.watched.get(id)
  if (known) return known
  const user = node.users.get(id)
  const watched: Watched = {
    id,
    number: user?.number ?? freshNumber(node),
    viewers: user?.viewers ?? createSightTable(),
    version: NOTHING_TOLD,
    told: null,
    toldAt: node.tellings,
    strays: null,
    invalidated: NOT_SEEN,
  }
  node.watched.set(id, watched)
  putValue(node.watchedByNumber, watched.number, watched)
  return watched
}
