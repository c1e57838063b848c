/**
 * Contacts have changed: every pair with that user on either side is judged again, those refused before too. Who gains
 * sight is told what there is to see, who loses it gets `unknown`. Pushes need no review: they ask the contacts anew.
 */
import { castDoubt, isDoubtful } from './doubt.ts'
import type { NodeAction } from './machine.ts'
import { applyRoster, hide, judgeLater, liveSessions, readGained } from './sight.ts'
import {
  file,
  type NodeState,
  type ReviewAudience,
  type ReviewPairs,
  type ReviewRoster,
  type Session,
  type User,
} from './state.ts'

const NONE: ReadonlySet<string> = new Set()

/** Judges again whom `changed` sees, and who sees `changed`. */
export function reviewContacts(node: NodeState, changed: string, out: NodeAction[]): void {
  castDoubt(node, changed)
  const own = node.users.get(changed)
  if (own) reviewOwn(node, own, NONE, out)
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
  now: number,
  out: NodeAction[],
): void {
  if (!viewer.roster || outdated) return
  const ids = roster ?? NONE
  if (isDoubtful(doubts, viewer.id, ids)) {
    return reviewRoster(node, viewer, new Set([...unsure, ...doubts]), out)
  }
  if (!roster) judgeLater(node, viewer, now)
  applyRoster(node, viewer, ids, { unsure }, out)
}

/** Pairs of a session that subscribes by id, judged again. */
export function onReviewPairs(
  node: NodeState,
  { session, ids, unsure, doubts }: ReviewPairs,
  visible: ReadonlySet<string> | null,
  now: number,
  out: NodeAction[],
): void {
  if (session.phase !== 'live') return
  const viewer = session.user?.id ?? ''
  if (isDoubtful(doubts, viewer, new Set(ids))) {
    return reviewPairs(node, viewer, session, ids, new Set([...unsure, ...doubts]), out)
  }
  if (!visible && session.user) judgeLater(node, session.user, now)
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

/** A viewer's time has come: where the contacts could not be asked, they are asked again. */
export function reviewAgain(node: NodeState, viewer: User, out: NodeAction[]): void {
  if (!viewer.reviewFailed) return
  viewer.reviewFailed = false
  // Nor is it known what they were told last.
  reviewOwn(node, viewer, new Set([viewer.id]), out)
}

function reviewOwn(node: NodeState, viewer: User, unsure: ReadonlySet<string>, out: NodeAction[]): void {
  if (viewer.roster) reviewRoster(node, viewer, unsure, out)
  for (const session of liveSessions(viewer)) {
    if (session.subscriptions.size > 0)
      reviewPairs(node, viewer.id, session, [...session.subscriptions.keys()], unsure, out)
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
