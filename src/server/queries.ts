/**
 * Fan-out on read: snapshots for those who subscribe, watch their roster, or just ask.
 *
 *   question → whom may the asker see → the storage's records, page by page → answer
 *
 * Watching starts before anything is read, so that no change falls between the snapshot and what follows it; what is
 * pushed meanwhile goes into the answer. Nothing is read or touched of those who may not be seen: so being refused
 * costs the same whatever they are, and whether they exist.
 */
import { UNKNOWN_VIEW } from '../core/model.ts'
import { cover } from '../core/visibility.ts'
import { judgeEveryMs, RETRY_MS, scheduleUser } from './deadlines.ts'
import type { Judgement, NodeAction, RequestId } from './machine.ts'
import { isDoubtful } from './doubt.ts'
import { sendError } from './outbox.ts'
import { learnAll } from './learning.ts'
import { presenceOf } from './presence-of.ts'
import { isConnected } from './registry.ts'
import { applyRoster, HIDDEN } from './sight.ts'
import { NOBODY, type Sights } from './sights.ts'
import { showPage, spread, takePage } from './snapshot.ts'
import { isFenced, shownBy } from './standing.ts'
import type { Answer, PageIds, Query, Session, User } from './entities.ts'
import type { ContactsPurpose, ReadPurpose } from './purposes.ts'
import { createQuery, endQuery, startQuery } from './query.ts'
import { file, type NodeState, storageTime } from './state.ts'
import type { ReadReply, StoredRecord } from './storage/contract.ts'
import { admitStrangers } from './strangers.ts'
import { forgetRoster, isSubscribed, judgeSubscription, stopSubscribing, subscribe } from './watch.ts'

/** Questions of a session that are under way, or whose answers its socket has not taken yet. */
const WAITING_QUESTIONS = 64
/** So many of them about the whole roster: one, and one more for who left it and came back to it. */
const WAITING_ROSTERS = 2
/** The ids in all of them but those: as many as a session may watch by default, and as many to look at. */
const WAITING_IDS = 20_000

/** A session asks about users, and watches them if it subscribes. */
export function askAbout(
  node: NodeState,
  session: Session,
  kind: 'subscribe' | 'fetch',
  users: readonly string[],
  ref: number,
  now: number,
  out: NodeAction[],
): void {
  if (isFenced(node, now)) return sendError(session, 'UNAVAILABLE', ref, out)
  const ids = [...new Set(users)]
  const claims = new Set(kind === 'subscribe' ? ids : [])
  const added = new Set([...claims].filter((id) => !isSubscribed(node, session, id)))
  const { subscriptions: limit } = node.config.limits
  const tooMany = kind === 'fetch' ? ids.length : (session.subscriptions?.size ?? 0) + added.size
  if (limit > 0 && tooMany > limit) return sendError(session, 'LIMIT', ref, out)
  if (asksTooMuch(session, ids.length)) return sendError(session, 'RATE_LIMITED', ref, out, RETRY_MS)
  subscribe(node, session, added)
  begin(node, createQuery({ kind, session, viewer: userIdOf(session), ref, ids, added, claims }), out)
}

/** Answers wait for a socket that takes nothing; so no more may be asked than may wait. One question always may. */
function asksTooMuch({ queries }: Session, ids: number): boolean {
  if (queries.length >= WAITING_QUESTIONS) return true
  let waiting = 0
  for (const query of queries) if (query.kind !== 'roster') waiting += query.ids.length
  return waiting > 0 && waiting + ids > WAITING_IDS
}

/** A session watches these users no more. */
export function unsubscribe(node: NodeState, session: Session, users: readonly string[]): void {
  for (const id of users) {
    for (const query of session.queries) {
      query.claims.delete(id)
      query.added.delete(id)
    }
  }
  stopSubscribing(node, session, users)
}

/** A session asks for its whole contact list, and watches it. */
export function askForRoster(
  node: NodeState,
  session: Session,
  ref: number,
  now: number,
  out: NodeAction[],
): void {
  if (isFenced(node, now)) return sendError(session, 'UNAVAILABLE', ref, out)
  const rosters = session.queries.filter(({ kind }) => kind === 'roster').length
  if (rosters >= WAITING_ROSTERS) return sendError(session, 'RATE_LIMITED', ref, out, RETRY_MS)
  const startsRoster = !session.watchesRoster
  session.watchesRoster = true
  begin(node, createQuery({ kind: 'roster', session, viewer: userIdOf(session), ref, startsRoster }), out)
}

/** A session watches its contact list no more. */
export function unwatchRoster(node: NodeState, session: Session): void {
  session.watchesRoster = false
  if (session.user) forgetRoster(node, session.user)
}

/** The application asks, as a user or as itself. */
export function askAsApplication(
  node: NodeState,
  request: RequestId,
  ids: readonly string[],
  viewer: string | null,
  now: number,
  out: NodeAction[],
): void {
  const query = createQuery({ kind: 'get', session: null, viewer, ref: request, ids })
  if (isFenced(node, now)) fail(node, query, 'UNAVAILABLE', out)
  else if (viewer === null) readRecords(node, query, now, out)
  else begin(node, query, out)
}

/** It is known how much may be seen of whom, or could not be found out. */
export function onVisibility(
  node: NodeState,
  { query }: Extract<ContactsPurpose, { type: 'visibility' }>,
  judgement: Judgement | null,
  now: number,
  out: NodeAction[],
): void {
  if (!judgement) return fail(node, query, 'UNAVAILABLE', out)
  const { sights } = judgement
  if (isOutdated(query, sights)) return begin(node, query, out)
  const { session, viewer } = query
  if (session && viewer !== null && !admitStrangers(node, viewer, query.ids, judgement, now, out))
    return fail(node, query, 'LIMIT', out)
  query.sights = sights
  if (query.kind === 'roster') startRoster(node, query, sights, out)
  if (session && query.kind === 'subscribe')
    for (const id of query.ids) judgeSubscription(node, session, id, sights.of(id))
  if (session?.user) noteWatching(node, session.user, query, now, out)
  readRecords(node, query, now, out)
}

/** Who watches whom is told to the application, and looked at again by and by. */
function noteWatching(node: NodeState, user: User, query: Query, now: number, out: NodeAction[]): void {
  const asked = query.kind === 'roster' ? [] : query.ids
  out.push({
    type: 'notify',
    notice: { type: 'watch', userId: user.id, asked, sights: query.sights ?? NOBODY },
  })
  if (Number.isFinite(user.judgeAt) || query.kind === 'fetch') return
  user.judgeAt = now + judgeEveryMs(node)
  scheduleUser(node, user)
}

/** The storage has told what it holds, or failed to. */
export function onRecords(
  node: NodeState,
  { query, ids }: Extract<ReadPurpose, { type: 'answer' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  const records = reply && !isFenced(node, now) ? wholeOf(reply) : null
  if (!records) return fail(node, query, 'UNAVAILABLE', out)
  learnAll(node, ids.visible, records, now, out)
  answer(node, query, ids, records, now, out)
}

/** The storage has told of a later page. Of what has changed since the first the reviews have told. */
export function onPage(
  node: NodeState,
  { session, answer, ids }: Extract<ReadPurpose, { type: 'page' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  if (!session.queries.includes(answer.query)) return
  const records = reply && !isFenced(node, now) ? wholeOf(reply) : null
  if (!records) return fail(node, answer.query, 'UNAVAILABLE', out)
  learnAll(node, ids.visible, records, now, out)
  showPage(node, session, answer, ids, records, out)
}

function answer(
  node: NodeState,
  query: Query,
  ids: PageIds,
  found: readonly StoredRecord[],
  now: number,
  out: NodeAction[],
): void {
  if (query.viewer !== null && isOutdated(query, query.sights ?? NOBODY)) return begin(node, query, out)
  const { session } = query
  if (!session) {
    const records = spread(ids.all, ids.visible, found)
    out.push({ type: 'reply', request: query.ref, value: presencesOf(node, query, records, now) })
  } else if (session.queries.includes(query)) {
    const page: Answer = { query, page: null }
    session.answers = [...session.answers, page]
    showPage(node, session, page, ids, found, out)
  }
}

/** It may have been judged before something changed. */
function isOutdated(query: Query, sights: Sights): boolean {
  if (query.doubts.size === 0) return false
  const about = query.kind === 'roster' ? sights : new Set(query.ids)
  return isDoubtful(query.doubts, query.viewer ?? '', about)
}

function begin(node: NodeState, query: Query, out: NodeAction[]): void {
  if (query.session && !isConnected(query.session)) return
  if (query.session) startQuery(query.session, query)
  query.taken = 0
  query.doubts.clear()
  // Who was hidden may be seen again by now; the answer will tell.
  for (const [id, { version }] of query.pushed) if (version === HIDDEN) query.pushed.delete(id)
  const request = file(node, node.questions, { type: 'visibility', query })
  const among = query.kind === 'roster' ? null : query.ids
  const counted = query.session !== null && node.config.limits.strangersPerDay > 0
  const question = { viewer: query.viewer as string, among, counted }
  out.push({ type: 'judge', request, question })
}

function readRecords(node: NodeState, query: Query, now: number, out: NodeAction[]): void {
  const { session, sights } = query
  const visible = () => (sights ? query.ids.filter((id) => sights.has(id)) : query.ids)
  const ids = session ? takePage(node, session, query) : { all: query.ids, visible: visible() }
  if (ids.visible.length === 0) return answer(node, query, ids, [], now, out)
  const request = file(node, node.reads, { type: 'answer', query, ids })
  out.push({ type: 'read', request, ids: ids.visible })
}

/** Other sessions of the user may watch the roster already: what is new to them, and what is gone, they are told. Its pages are watched one by one. */
function startRoster(node: NodeState, query: Query, sights: Sights, out: NodeAction[]): void {
  query.ids = sights.ids
  const { session } = query
  if (!session?.user || !session.watchesRoster) return
  if (session.user.hasRoster) applyRoster(node, session.user, sights, { except: session }, out)
  else session.user.hasRoster = true
}

/** A question that is answered by an error has changed nothing. */
function fail(node: NodeState, query: Query, code: 'UNAVAILABLE' | 'LIMIT', out: NodeAction[]): void {
  const { session } = query
  if (!session) {
    out.push({ type: 'reply', request: query.ref, value: code })
    return
  }
  if (!endQuery(session, query)) return
  session.answers = session.answers.filter((answer) => answer.query !== query)
  withdraw(node, session, query)
  sendError(session, code, query.ref, out)
}

/** What the question put on the watch list belongs to another one from now on, if one asks for the same. */
function withdraw(node: NodeState, session: Session, query: Query): void {
  const others = session.queries
  const unclaimed: string[] = []
  for (const id of query.added) {
    const heir = others.find(({ claims }) => claims.has(id))
    if (heir) heir.added.add(id)
    else unclaimed.push(id)
  }
  stopSubscribing(node, session, unclaimed)
  if (!query.startsRoster) return
  const heir = others.find(({ kind }) => kind === 'roster')
  if (heir) heir.startsRoster = true
  else unwatchRoster(node, session)
}

/** An answer shows all that it was asked for, or is none. */
function wholeOf({ records }: ReadReply): readonly StoredRecord[] | null {
  return records.every((record) => record !== null) ? records : null
}

function presencesOf(node: NodeState, query: Query, records: readonly (StoredRecord | null)[], now: number) {
  const time = storageTime(node, now)
  return query.ids.map((id, index) => {
    const sight = query.viewer === null ? 'exact' : (query.sights?.of(id) ?? 'nothing')
    const stored = records[index]
    return presenceOf(id, stored ? cover(shownBy(node, stored, time, now), sight, time) : UNKNOWN_VIEW)
  })
}

function userIdOf(session: Session): string {
  return session.user?.id ?? ''
}
