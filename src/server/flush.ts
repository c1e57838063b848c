/**
 * Sends what has gathered: to each session one frame of changes, and one page of a snapshot. Whoever comes with a long list
 * comes page by page, and of many who come at once some in each turn; so no turn is long.
 */
import type { Session } from './entities.ts'
import type { NodeAction } from './machine.ts'
import { takeGathered } from './gathering.ts'
import { flushChanges, markSession } from './outbox.ts'
import { isConnected } from './registry.ts'
import { flushPage } from './snapshot.ts'
import { isFenced } from './standing.ts'
import type { NodeState } from './state.ts'

/** After so many records in one turn the others wait for the next: some 10 ms. */
const RECORDS_IN_ONE_TURN = 5_000

/** Sends to those who have waited long enough. */
export function flushGathered(node: NodeState, now: number, out: NodeAction[]): void {
  for (const session of takeGathered(node.gathering, now)) node.dirtySessions.add(session)
  if (node.dirtySessions.size > 0) flushSessions(node, now, out)
}

/** Sends what there is for each session. */
export function flushSessions(node: NodeState, now: number, out: NodeAction[]): void {
  if (isFenced(node, now)) return
  const sessions = [...node.dirtySessions].filter(takesFrames)
  node.dirtySessions.clear()
  for (const session of sessions) flushChanges(session, out)
  flushPages(
    node,
    sessions.filter(({ answers }) => answers.length > 0),
    now,
    out,
  )
}

function takesFrames(session: Session): boolean {
  return isConnected(session) && session.congestedUntil === 0
}

function flushPages(node: NodeState, sessions: readonly Session[], now: number, out: NodeAction[]): void {
  let room = RECORDS_IN_ONE_TURN
  for (const session of sessions) {
    if (room > 0) room -= flushPage(node, session, now, out)
    else markSession(node, session, out)
  }
}
