/** Begins and ends questions about users. */
import type { Query, Session } from './entities.ts'
import { NOBODY } from './sights.ts'

/** A question of a session or of the application. */
export function createQuery(
  about: Pick<Query, 'kind' | 'session' | 'viewer' | 'ref'> &
    Partial<Pick<Query, 'ids' | 'added' | 'claims' | 'startsRoster'>>,
): Query {
  return {
    ids: [],
    added: new Set(),
    claims: new Set(),
    startsRoster: false,
    ...about,
    taken: 0,
    sights: null,
    doubts: new Set(),
    pushed: new Map(),
  }
}

/** From now on it is answered with no less than is pushed meanwhile. */
export function startQuery(session: Session, query: Query): void {
  if (!session.queries.includes(query)) session.queries = [...session.queries, query]
}

/**
 * Says whether it was under way. It lets go of its list: one that has waited in line is old by then, and would hold on to it until
 * the whole heap is collected.
 */
export function endQuery(session: Session, query: Query): boolean {
  if (!session.queries.includes(query)) return false
  session.queries = session.queries.filter((other) => other !== query)
  query.ids = []
  query.sights = NOBODY
  return true
}
