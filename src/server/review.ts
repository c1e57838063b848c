/**
 * Contacts have changed: every pair with that user on either side is judged again, those refused before too. Who gains
 * sight is told what there is to see, who loses it gets `unknown`. Pushes need no review: they ask the contacts anew.
 */
import { castDoubt, castDoubtOnAll, isDoubtful } from './doubt.ts'
import type { Sight } from '../core/visibility.ts'
import { judgeEveryMs, scheduleUser } from './deadlines.ts'
import type { Judgement, NodeAction } from './machine.ts'
import { liveSessions } from './registry.ts'
import { applyRoster, hide, judgeLater, readGained } from './sight.ts'
import { NOBODY, Sights } from './sights.ts'
import type { Query, ReviewAudience, ReviewPairs, ReviewRoster, Session, User } from './entities.ts'
import { file, type NodeState, nextSpread } from './state.ts'
import { isSubscribed, judgeSubscription, rosterSight, sightOf, subscribedIds, viewersOf } from './watch.ts'

const NONE: ReadonlySet<string> = new Set()

/** Why something is judged again. */
interface Occasion {
  /** Of whom a push may have been held back meanwhile; the viewer: of all. */
  readonly unsure: ReadonlySet<string>
  /** Nobody told of a change. */
  readonly routine: boolean
}

const ANNOUNCED: Occasion = { unsure: NONE, routine: false }

/** Judges again whom `changed` sees, and who sees `changed`. */
export function reviewContacts(node: NodeState, changed: string, out: NodeAction[]): void {
  out.push({ type: 'invalidate', user: changed })
  castDoubt(node, changed)
  const own = node.users.get(changed)
  if (own) reviewOwn(node, own, ANNOUNCED, out)
  let unsure = false
  for (const purpose of node.questions.values()) {
    if (purpose.type !== 'review:audience' || purpose.changed !== changed || purpose.outdated) continue
    purpose.outdated = true
    unsure = true
  }
  const request = file(node, node.questions, { type: 'review:audience', changed, unsure, outdated: false })
  out.push({ type: 'audience', request, question: { about: 'contacts', user: changed } })
}

/**
 * Something may have changed, and nobody knows about whom: everybody's view is looked at again, one after the other within
 * F. All at once would be more than a database answers in time, just when it has come back.
 */
export function reviewAll(node: NodeState, now: number, out: NodeAction[]): void {
  out.push({ type: 'invalidate', user: null })
  castDoubtOnAll(node)
  for (const viewer of node.users.values()) {
    if (!Number.isFinite(viewer.judgeAt)) continue
    viewer.judgeAt = Math.min(viewer.judgeAt, now + nextSpread(node) * node.config.timing.flushMs)
    scheduleUser(node, viewer)
  }
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
  const occasion = { unsure: new Set(unsure ? [changed] : []), routine: false }
  for (const viewer of concernedBy(node, changed, audience)) {
    if (viewer.hasRoster && (rosterSight(node, viewer, changed) !== 'nothing' || audience?.has(viewer.id)))
      reviewRoster(node, viewer, occasion, out)
    for (const session of liveSessions(viewer)) {
      if (isSubscribed(node, session, changed))
        reviewPairs(node, viewer.id, session, [changed], occasion, out)
    }
  }
}

/** Who watches a user here, and who may from now on. */
function concernedBy(node: NodeState, changed: string, audience: ReadonlySet<string> | null): Set<User> {
  const watched = node.watched.get(changed)
  const viewers = new Set(watched ? viewersOf(node, watched) : [])
  for (const id of audience ?? []) {
    const viewer = node.users.get(id)
    if (viewer) viewers.add(viewer)
  }
  for (const viewer of viewers) if (viewer.id === changed) viewers.delete(viewer)
  return viewers
}

/** The contact list of a user who watches it, asked for again. */
export function onReviewRoster(
  node: NodeState,
  review: ReviewRoster,
  judgement: Judgement | null,
  now: number,
  out: NodeAction[],
): void {
  const { viewer, routine, unsure, doubts } = review
  if (viewer.rosterReview !== review) return
  viewer.rosterReview = null
  if (!viewer.hasRoster) return
  const roster = judgement?.sights ?? NOBODY
  if (isDoubtful(doubts, viewer.id, roster)) {
    return reviewRoster(node, viewer, doubted(unsure, doubts), out)
  }
  if (!judgement && routine) return
  if (!judgement) judgeLater(node, viewer, now)
  applyRoster(node, viewer, roster, { unsure }, out)
}

/** Pairs of a session that subscribes by id, judged again. */
export function onReviewPairs(
  node: NodeState,
  { session, routine, ids, unsure, doubts }: ReviewPairs,
  judgement: Judgement | null,
  now: number,
  out: NodeAction[],
): void {
  if (session.phase !== 'live') return
  const viewer = session.user?.id ?? ''
  if (isDoubtful(doubts, viewer, new Set(ids))) {
    return reviewPairs(node, viewer, session, ids, doubted(unsure, doubts), out)
  }
  if (!judgement && routine) return
  if (!judgement && session.user) judgeLater(node, session.user, now)
  const gained: string[] = []
  const lost: string[] = []
  const judged = new Map<string, Sight>()
  for (const id of ids) {
    if (!isSubscribed(node, session, id)) continue
    // By their roster they may have seen as much before.
    const watched = node.watched.get(id)
    const before = sightOf(session, watched)
    judgeSubscription(node, session, id, judgement?.sights.of(id) ?? 'nothing')
    const sight = sightOf(session, watched)
    judged.set(id, sight)
    if (sight === before && !unsure.has(viewer) && !unsure.has(id)) continue
    if (sight === 'nothing') lost.push(id)
    else gained.push(id)
  }
  for (const query of session.queries) if (query.sights) query.sights = amended(query, query.sights, judged)
  hide(node, session, lost, out)
  if (gained.length > 0) readGained(node, [session], gained, out)
}

/** What an answer under way may show, by what is known now: more too, where somebody is asked about by id. */
function amended({ kind, ids }: Query, sights: Sights, judged: ReadonlyMap<string, Sight>): Sights {
  const asked = kind === 'roster' ? sights : new Set(ids)
  const all = new Map(sights.byId())
  for (const [id, sight] of judged) {
    if (sight === 'nothing') all.delete(id)
    else if (asked.has(id)) all.set(id, sight)
  }
  return new Sights(all)
}

/** A viewer's time has come: what could not be asked is asked again, and what nobody told of is found. */
export function reviewAgain(node: NodeState, viewer: User, now: number, out: NodeAction[]): void {
  const failed = viewer.reviewFailed
  if (!failed && now < viewer.judgeAt) return
  viewer.reviewFailed = false
  const watches = viewer.sessions.some((session) => session.watchesRoster || session.subscriptions !== null)
  viewer.judgeAt = watches ? now + judgeEveryMs(node) : Number.POSITIVE_INFINITY
  scheduleUser(node, viewer)
  // Where it could not be asked, it is not known either what they were told last.
  reviewOwn(node, viewer, { unsure: failed ? new Set([viewer.id]) : NONE, routine: !failed }, out)
}

function doubted(unsure: ReadonlySet<string>, doubts: ReadonlySet<string>): Occasion {
  return { unsure: new Set([...unsure, ...doubts]), routine: false }
}

function reviewOwn(node: NodeState, viewer: User, occasion: Occasion, out: NodeAction[]): void {
  if (viewer.hasRoster) reviewRoster(node, viewer, occasion, out)
  for (const session of liveSessions(viewer)) {
    if (session.subscriptions)
      reviewPairs(node, viewer.id, session, subscribedIds(node, session), occasion, out)
  }
}

/** The newest question about a roster counts, also for the one before it. */
function reviewRoster(node: NodeState, viewer: User, occasion: Occasion, out: NodeAction[]): void {
  const former = viewer.rosterReview
  const isAnnounced = former !== null && !former.routine
  const review: ReviewRoster = {
    type: 'review:roster',
    viewer,
    routine: occasion.routine && !isAnnounced,
    unsure: isAnnounced ? new Set([...occasion.unsure, viewer.id]) : occasion.unsure,
    doubts: new Set(),
  }
  viewer.rosterReview = review
  const request = file(node, node.questions, review)
  out.push({ type: 'judge', request, question: { viewer: viewer.id, among: null, counted: false } })
}

function reviewPairs(
  node: NodeState,
  viewer: string,
  session: Session,
  ids: readonly string[],
  { routine, unsure }: Occasion,
  out: NodeAction[],
): void {
  const request = file(node, node.questions, {
    type: 'review:pairs',
    session,
    routine,
    ids,
    unsure,
    doubts: new Set<string>(),
  })
  out.push({ type: 'judge', request, question: { viewer, among: ids, counted: false } })
}
