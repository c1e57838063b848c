/**
 * A snapshot goes out page by page, as its socket takes them. Each page is put on the watch list, read, and shown; so no change
 * falls between what a page shows and what follows it, and however long a list is, nothing waits for the whole of it.
 */
import { encodePresence, snapshotFrame } from '../core/codec.ts'
import { type PresenceView, sameView, UNKNOWN_VIEW } from '../core/model.ts'
import { isNewer } from '../core/version.ts'
import type { Answer, PageIds, PushedChange, Query, Session, Watched } from './entities.ts'
import { endQuery } from './query.ts'
import type { NodeAction } from './machine.ts'
import { markSession } from './outbox.ts'
import { AT_ANY_TIME } from './presence-of.ts'
import { shownBy } from './standing.ts'
import { file, type NodeState, storageTime } from './state.ts'
import type { StoredRecord } from './storage/contract.ts'
import { createTelling, textAt } from './telling.ts'
import { forgetStray, noteShown, sightOf, watchByRoster } from './watch.ts'

/** Records in one page: about 32 KB, an eighth of the soft limit. */
const PAGE_RECORDS = 500

/** Takes the next page of a question in hand: from now on it is watched, and may be read. */
export function takePage(node: NodeState, session: Session, query: Query): PageIds {
  const from = query.taken
  const all = query.ids.slice(from, from + PAGE_RECORDS)
  query.taken += all.length
  const { sights } = query
  // A roster's ids are those that may be seen, but for who was lost since.
  const areSeen = !sights || (query.kind === 'roster' && sights.size === query.ids.length)
  const seen = areSeen ? all : all.filter((id) => sights.has(id))
  const visible = seen.length === all.length ? all : seen
  const byRoster = query.kind === 'roster' && session.watchesRoster
  if (byRoster && sights && session.user) watchByRoster(node, session.user, sights, visible, from)
  return { all, visible }
}

/** A page has been read: it is shown at the next turn. */
export function showPage(
  node: NodeState,
  session: Session,
  answer: Answer,
  { all, visible }: PageIds,
  records: readonly StoredRecord[],
  out: NodeAction[],
): void {
  answer.page = { ids: all, records: all === visible ? records : spread(all, visible, records) }
  if (answer.query.taken === answer.query.ids.length) confirm(session, answer.query)
  markSession(node, session, out)
}

/** The next page of a session, if it has been read; the one behind it is read then. */
export function takeReadPage(
  node: NodeState,
  session: Session,
  now: number,
  out: NodeAction[],
): { readonly frame: string; readonly records: number } | null {
  const [answer] = session.answers
  if (!answer?.page) return null
  const { query, page } = answer
  const { ids, records } = page
  const time = storageTime(node, now)
  const from = query.taken - ids.length
  const mayBeAsTold = isAlone(session, query)
  const shown = ids.map((id, index) => {
    const record = records[index] ?? null
    // Of whom nothing was read nothing is looked up either: most of them may not be seen.
    const watched = record ? node.watched.get(id) : undefined
    const told = mayBeAsTold && record && watched ? showAsTold(session, watched, record, time) : null
    return told ?? showOne(node, session, query, { id, place: from + index, record, watched }, now)
  })
  const more = query.taken < query.ids.length
  answer.page = null
  if (more) readPage(node, session, answer, out)
  else {
    session.answers = session.answers.slice(1)
    endQuery(session, query)
    if (session.answers.length > 0) markSession(node, session, out)
  }
  return { frame: snapshotFrame(query.ref, shown, more), records: ids.length }
}

function readPage(node: NodeState, session: Session, answer: Answer, out: NodeAction[]): void {
  const ids = takePage(node, session, answer.query)
  if (ids.visible.length === 0) return showPage(node, session, answer, ids, [], out)
  const request = file(node, node.reads, { type: 'page', session, answer, ids })
  out.push({ type: 'read', request, ids: ids.visible })
}

/** What there is to see of one user: never less than what was pushed while an answer was on its way, or what watchers here know. */
export function viewFor(
  node: NodeState,
  query: Query,
  user: string,
  record: StoredRecord,
  now: number,
): PresenceView {
  const pushed = query.pushed.get(user)
  if (pushed && isNewer(pushed.version, record)) return pushed.view
  const watched = node.watched.get(user)
  if (watched?.told && isNewer(watched.version, record)) return watched.told.view
  return shownBy(node, record, AT_ANY_TIME, now)
}

/** Once one question is answered, what it watches stays, whatever becomes of the others. */
function confirm(session: Session, query: Query): void {
  for (const other of session.queries) {
    for (const id of query.claims) other.added.delete(id)
    if (query.kind === 'roster') other.startsRoster = false
  }
}

/** The records of some in the places that they have among all. */
export function spread(
  all: readonly string[],
  ids: readonly string[],
  records: readonly StoredRecord[],
): (StoredRecord | null)[] {
  const found = new Map(ids.map((id, index) => [id, records[index] ?? null]))
  return all.map((id) => found.get(id) ?? null)
}

/** The text that was encoded for others, where this one is to see the same: most do. */
function showAsTold(session: Session, watched: Watched, record: StoredRecord, time: number): string | null {
  const { told } = watched
  if (!told || !isAsTold(watched, record)) return null
  const sight = sightOf(session, watched)
  if (sight === 'nothing') return null
  forgetStray(watched, session)
  return textAt(told, sight, time)
}

/** Somebody who was asked about. */
interface Asked {
  readonly id: string
  /** Among all whom the question is about. */
  readonly place: number
  readonly record: StoredRecord | null
  readonly watched: Watched | undefined
}

/**
 * What an answer shows of one user, encoded. Whoever could not be seen yet when the page was read is shown as a push has shown
 * them since, or will.
 */
function showOne(
  node: NodeState,
  session: Session,
  query: Query,
  { id, place, record, watched }: Asked,
  now: number,
): string {
  const time = storageTime(node, now)
  const sight = query.sights?.of(id, place) ?? 'nothing'
  if (sight === 'nothing') return encodePresence(id, UNKNOWN_VIEW)
  if (!record) return textAt(createTelling(id, query.pushed.get(id)?.view ?? UNKNOWN_VIEW), sight, time)
  const pushed = query.pushed.get(id)?.version
  const view = viewFor(node, query, id, record, now)
  const told = watched?.told
  const telling = told && sameView(told.view, view) ? told : createTelling(id, view)
  const version = pushed && isNewer(pushed, record) ? pushed : record
  if (watched) noteShown(session, watched, { version, telling, sight }, time)
  if (session.queries.length > 1) tellOthers(session, query, id, { version: record, view })
  return textAt(telling, sight, time)
}

/** Whether what was read is what all who watch a user were told: so it is of most. */
function isAsTold({ version: told }: Watched, { epoch, version, record }: StoredRecord): boolean {
  return record !== null && told.version === version && told.epoch === epoch
}

/** Whether nothing but this one answer shows anything to a session. */
function isAlone({ queries }: Session, { pushed }: Query): boolean {
  return queries.length === 1 && pushed.size === 0
}

/** What one answer shows the others must not fall behind. */
function tellOthers(session: Session, answered: Query, id: string, shown: PushedChange): void {
  for (const query of session.queries) {
    const pushed = query.pushed.get(id)
    if (query === answered || (pushed && !isNewer(shown.version, pushed.version))) continue
    query.pushed.set(id, shown)
  }
}
