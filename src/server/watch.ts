/**
 * Who watches whom here, and what they saw last. Of each watched user it is kept what their watchers were told, so that
 * nobody is told the older thing last or the same thing twice, wherever the news comes from.
 */
import type { PresenceView } from '../core/model.ts'
import { isNewer, NO_VERSION } from '../core/version.ts'
import type { Sight } from '../core/visibility.ts'
import type { Session, Shown, User, Watched } from './entities.ts'
import type { NodeState } from './state.ts'
import { createTelling, textOf } from './telling.ts'

/** A number of changes of contacts that is not known yet. */
export const NOT_SEEN = -1

/** A session of this user wants to know of these from now on. */
export function startWatching(node: NodeState, viewer: User, ids: Iterable<string>): void {
  for (const id of ids) watchedUser(node, id).viewers.add(viewer)
}

/** Perhaps no session of this user wants to know of these any more. */
export function stopWatching(node: NodeState, viewer: User, ids: Iterable<string>): void {
  const sessions = [...viewer.sessions.values()]
  for (const id of ids) {
    const watched = node.watched.get(id)
    if (!watched || sessions.some((session) => wants(session, id))) continue
    watched.viewers.delete(viewer)
    if (watched.viewers.size === 0) node.watched.delete(id)
  }
}

/** A session that ends wants to know of nobody. To be called after its watch list was emptied. */
export function forgetWatcher(node: NodeState, session: Session, ids: Iterable<string>): void {
  const { user } = session
  if (!user) return
  const all = [...ids, ...(user.roster?.keys() ?? [])]
  for (const id of all) node.watched.get(id)?.strays.delete(session)
  stopWatching(node, user, all)
}

/** An answer may show a watcher something else than what all were told last: what comes next must know where this one stands. */
export function noteShown(
  node: NodeState,
  session: Session,
  id: string,
  shown: Shown & { readonly view: PresenceView },
  time: number,
): void {
  const watched = node.watched.get(id)
  if (!watched || !wants(session, id)) return
  const { version, view, text } = shown
  if (watched.told === null) {
    watched.told = createTelling(id, view)
    watched.version = version
  } else if (
    !isNewer(version, watched.version) &&
    text === textOf(watched.told, sightOf(session, id), time)
  ) {
    watched.strays.delete(session)
  } else watched.strays.set(session, { version, text })
}

/** Whatever comes next is news, if it differs from what was told. */
export function forgetOrder(watched: Watched): void {
  const first = { epoch: 0, version: NO_VERSION }
  watched.version = first
  for (const [session, { text }] of watched.strays) watched.strays.set(session, { version: first, text })
}

/** How much a session that wants to know of a user sees of them. */
export function sightOf(session: Session, target: string): Sight {
  const subscribed = session.subscriptions.get(target) ?? 'nothing'
  if (subscribed !== 'nothing' || !session.watchesRoster) return subscribed
  return session.user?.roster?.get(target) ?? 'nothing'
}

function wants(session: Session, id: string): boolean {
  return session.subscriptions.has(id) || (session.watchesRoster && session.user?.roster?.has(id) === true)
}

function watchedUser(node: NodeState, id: string): Watched {
  let watched = node.watched.get(id)
  if (!watched) {
    watched = {
      id,
      viewers: new Set(),
      version: { epoch: 0, version: NO_VERSION },
      told: null,
      strays: new Map(),
      invalidated: NOT_SEEN,
    }
    node.watched.set(id, watched)
  }
  return watched
}
