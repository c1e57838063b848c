/**
 * Fan-out on read: snapshots for those who subscribe, watch their roster, or just ask.
 *
 *   question → whom may the asker see → the storage's records → answer
 *
 * Watching starts at once, before anything is read, so that no change falls between the snapshot and what follows it;
 * what is pushed meanwhile goes into the answer. Records are read for all who were asked about, and only then covered
 * for those who may not be seen: being refused costs the same work as being answered.
 */
import { EMPTY_RECORD, viewOf } from '../core/record.ts'
import { UNKNOWN_VIEW } from '../core/model.ts'
import type { NodeAction, RequestId } from './machine.ts'
import { enqueueAnswer, sendError } from './outbox.ts'
import { presenceOf } from './presence-of.ts'
import {
  type ContactsPurpose,
  file,
  type NodeState,
  type Query,
  type ReadPurpose,
  type Session,
  storageTime,
} from './state.ts'
import type { ReadReply, StoredRecord } from './storage/contract.ts'

/** A session asks about users, and watches them if it subscribes. */
export function askAbout(
  node: NodeState,
  session: Session,
  kind: 'subscribe' | 'fetch',
  users: readonly string[],
  ref: number,
  out: NodeAction[],
): void {
  const ids = [...new Set(users)]
  const added = kind === 'subscribe' ? ids.filter((id) => !session.subscriptions.has(id)) : []
  const { subscriptions: limit } = node.config.limits
  const tooMany = kind === 'fetch' ? ids.length : session.subscriptions.size + added.length
  if (limit > 0 && tooMany > limit) return sendError(session, 'LIMIT', ref, out)
  for (const id of added) session.subscriptions.set(id, false)
  begin(
    node,
    { kind, session, viewer: userIdOf(session), ref, ids, added, visible: null, pushed: new Map() },
    out,
  )
}

/** A session asks for its whole contact list, and watches it. */
export function askForRoster(node: NodeState, session: Session, ref: number, out: NodeAction[]): void {
  session.watchesRoster = true
  const viewer = userIdOf(session)
  begin(
    node,
    { kind: 'roster', session, viewer, ref, ids: [], added: [], visible: null, pushed: new Map() },
    out,
  )
}

/** The application asks, as a user or as itself. */
export function askAsApplication(
  node: NodeState,
  request: RequestId,
  ids: readonly string[],
  viewer: string | null,
  out: NodeAction[],
): void {
  const query: Query = {
    kind: 'get',
    session: null,
    viewer,
    ref: request,
    ids,
    added: [],
    visible: null,
    pushed: new Map(),
  }
  if (viewer === null) readRecords(node, query, out)
  else begin(node, query, out)
}

/** The contacts have told who may be seen, or failed to. */
export function onVisibility(
  node: NodeState,
  { query }: Extract<ContactsPurpose, { type: 'visibility' }>,
  ids: ReadonlySet<string> | null,
  out: NodeAction[],
): void {
  if (!ids) return fail(node, query, out)
  query.visible = ids
  if (query.kind === 'roster') startRoster(query, ids)
  if (query.kind === 'subscribe') judge(query, ids)
  readRecords(node, query, out)
}

/** The storage has told what it holds, or failed to. */
export function onRecords(
  node: NodeState,
  { query }: Extract<ReadPurpose, { type: 'answer' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  if (!reply) return fail(node, query, out)
  const { session } = query
  if (!session)
    out.push({ type: 'reply', request: query.ref, value: presencesOf(query, reply, storageTime(node, now)) })
  else if (session.queries.has(query))
    enqueueAnswer(node, session, { query, records: reply.records, sent: 0 }, out)
}

function begin(node: NodeState, query: Query, out: NodeAction[]): void {
  query.session?.queries.add(query)
  const request = file(node, node.questions, { type: 'visibility', query })
  const user = query.viewer as string
  const question =
    query.kind === 'roster'
      ? ({ about: 'roster', user } as const)
      : ({ about: 'visible', user, among: query.ids } as const)
  out.push({ type: 'contacts', request, question })
}

function readRecords(node: NodeState, query: Query, out: NodeAction[]): void {
  const request = file(node, node.reads, { type: 'answer', query })
  out.push({ type: 'read', request, ids: query.ids })
}

function startRoster(query: Query, ids: ReadonlySet<string>): void {
  query.ids = [...ids]
  if (query.session?.user && query.session.watchesRoster) query.session.user.roster = ids
}

function judge(query: Query, visible: ReadonlySet<string>): void {
  const subscriptions = query.session?.subscriptions
  for (const id of query.ids) if (subscriptions?.has(id)) subscriptions.set(id, visible.has(id))
}

/** A question that is answered by an error has changed nothing. */
function fail(node: NodeState, query: Query, out: NodeAction[]): void {
  const { session } = query
  if (!session) {
    out.push({ type: 'reply', request: query.ref, value: 'UNAVAILABLE' })
    return
  }
  if (!session.queries.delete(query)) return
  for (const id of query.added) session.subscriptions.delete(id)
  if (query.kind === 'roster' && !session.user?.roster) session.watchesRoster = false
  sendError(session, 'UNAVAILABLE', query.ref, out)
}

function presencesOf(query: Query, reply: ReadReply, time: number) {
  return query.ids.map((id, index) => {
    const hidden = query.visible !== null && !query.visible.has(id)
    const { record } = reply.records[index] as StoredRecord
    return presenceOf(id, hidden ? UNKNOWN_VIEW : viewOf(record ?? EMPTY_RECORD, time))
  })
}

function userIdOf(session: Session): string {
  return session.user?.id ?? ''
}
