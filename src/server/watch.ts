/**
 * Who watches whom here, and what they saw last. Of each watched user it is kept what their watchers were told, so that
 * nobody is told the older thing last or the same thing twice, wherever the news comes from.
 */
import { isNewer, NO_VERSION, type Version } from '../core/version.ts'
import type { Sight, Sights } from '../core/visibility.ts'
import type { Session, Telling, User, Watched } from './entities.ts'
import type { NodeState } from './state.ts'
import { textOf } from './telling.ts'

/** A number of changes of contacts that is not known yet. */
export const NOT_SEEN = -1

/** A session of this user wants to know of these from now on, by their ids. Gives them as they are kept here. */
export function startWatching(node: NodeState, viewer: User, ids: Iterable<string>): string[] {
  return Array.from(ids, (id) => {
    const watched = watchedUser(node, id)
    if (!watched.viewers.has(viewer)) watched.viewers.set(viewer, 'nothing')
    return watched.id
  })
}

/** A session of this user wants to know of these too from now on, as they stand in the roster. */
export function watchByRoster(node: NodeState, viewer: User, ids: readonly string[], roster: Sights): void {
  const kept = (viewer.roster ??= [])
  ids.forEach((id) => {
    const watched = watchedUser(node, id)
    if ((watched.viewers.get(viewer) ?? 'nothing') === 'nothing') kept.push(watched.id)
    watched.viewers.set(viewer, roster.get(id) ?? 'nothing')
  })
}

/** Of those whom a user has watched by their roster these are not in it any more. */
export function leaveRoster(node: NodeState, viewer: User, lost: readonly string[], roster: Sights): void {
  if (lost.length === 0 || !viewer.roster) return
  viewer.roster = viewer.roster.filter((id) => roster.has(id))
  unwatchByRoster(node, viewer, lost)
}

/** No session of this user may want to know of their roster any more. */
export function forgetRoster(node: NodeState, viewer: User): void {
  if (!viewer.roster || [...viewer.sessions.values()].some(({ watchesRoster }) => watchesRoster)) return
  const all = viewer.roster
  viewer.roster = null
  unwatchByRoster(node, viewer, all)
}

function unwatchByRoster(node: NodeState, viewer: User, ids: readonly string[]): void {
  for (const id of ids) node.watched.get(id)?.viewers.set(viewer, 'nothing')
  stopWatching(node, viewer, ids)
}

/** Perhaps no session of this user wants to know of these any more. */
export function stopWatching(node: NodeState, viewer: User, ids: Iterable<string>): void {
  const sessions = [...viewer.sessions.values()]
  for (const id of ids) {
    const watched = node.watched.get(id)
    if (!watched || sessions.some((session) => wants(session, watched))) continue
    watched.viewers.delete(viewer)
    if (watched.viewers.size === 0) node.watched.delete(id)
  }
}

/** A session that ends wants to know of nobody. To be called after its watch list was emptied. */
export function forgetWatcher(node: NodeState, session: Session, ids: Iterable<string>): void {
  const { user } = session
  if (!user) return
  for (const id of [...ids, ...(user.roster ?? [])]) node.watched.get(id)?.strays.delete(session)
  forgetRoster(node, user)
  stopWatching(node, user, ids)
}

/** What an answer has shown of a user. */
export interface Answered {
  readonly version: Version
  readonly telling: Telling
  readonly sight: Sight
}

/** An answer may show a watcher something else than what all were told last: what comes next must know where this one stands. */
export function noteShown(
  node: NodeState,
  session: Session,
  watched: Watched,
  { version, telling, sight }: Answered,
  time: number,
): void {
  if (!wants(session, watched)) return
  const { told, strays } = watched
  if (told === null) {
    watched.told = telling
    watched.version = version
    return
  }
  const text = textOf(telling, sight, time)
  if (!isNewer(version, watched.version) && text === textOf(told, sightOf(node, session, watched.id), time)) {
    if (strays.size > 0) strays.delete(session)
  } else strays.set(session, { version, text })
}

/** Whatever comes next is news, if it differs from what was told. */
export function forgetOrder(watched: Watched): void {
  const first = { epoch: 0, version: NO_VERSION }
  watched.version = first
  for (const [session, { text }] of watched.strays) watched.strays.set(session, { version: first, text })
}

/** How much a session that wants to know of a user sees of them. */
export function sightOf(node: NodeState, session: Session, target: string): Sight {
  return sightBy(session, target, session.user ? rosterSight(node, session.user, target) : 'nothing')
}

/** The same, where it is known how much the user sees by their roster. */
export function sightBy(session: Session, target: string, byRoster: Sight): Sight {
  const { subscriptions, watchesRoster } = session
  const byId = subscriptions.size > 0 ? (subscriptions.get(target) ?? 'nothing') : 'nothing'
  return byId === 'nothing' && watchesRoster ? byRoster : byId
}

/** How much a user sees of another by their roster; `nothing`: they are not in there. */
export function rosterSight(node: NodeState, viewer: User, target: string): Sight {
  return node.watched.get(target)?.viewers.get(viewer) ?? 'nothing'
}

function wants({ subscriptions, watchesRoster, user }: Session, { id, viewers }: Watched): boolean {
  if (subscriptions.has(id)) return true
  return watchesRoster && user !== null && (viewers.get(user) ?? 'nothing') !== 'nothing'
}

function watchedUser(node: NodeState, id: string): Watched {
  let watched = node.watched.get(id)
  if (!watched) {
    watched = {
      id,
      viewers: new Map(),
      version: { epoch: 0, version: NO_VERSION },
      told: null,
      strays: new Map(),
      invalidated: NOT_SEEN,
    }
    node.watched.set(id, watched)
  }
  return watched
}
