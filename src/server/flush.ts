/**
 * Sends what has gathered: to each session one frame of changes, and one page of a snapshot. Whoever comes with a long list
 * comes page by page, and of many who come at once some in each turn; so no turn is long.
 */
import type { Session } from './entities.ts'
import type { NodeAction } from './machine.ts'
import { takeGathered } from './gathering.ts'
import { markSession, sendFrames, takeFrames, takeNews } from './outbox.ts'
import { isConnected } from './registry.ts'
import { takeReadPage } from './snapshot.ts'
import { isFenced } from './standing.ts'
import type { NodeState } from './state.ts'

/** After so many records in one turn the others wait for the next: some 10 ms. */
const RECORDS_IN_ONE_TURN = 5_000

/**
 * Those who have waited long enough are sent to at the next turn: what users' changes of this tick come to is told by then, where
 * the storage answers at once, and goes with the rest. At a steady rate that is a fourteenth of all frames.
 */
export function markGathered(node: NodeState, now: number, out: NodeAction[]): void {
  for (const session of takeGathered(node.gathering, now)) markSession(node, session, out)
}

/** Sends what there is for each session. */
export function flushSessions(node: NodeState, now: number, out: NodeAction[]): void {
  if (isFenced(node, now)) return
  const sessions = [...node.dirtySessions].filter(takesFrames)
  node.dirtySessions.clear()
  // One after the other for all: most of what is looked at is cold, and what a short loop looks at is fetched side by side.
  const news = sessions.map(takeNews)
  let room = RECORDS_IN_ONE_TURN
  sessions.forEach((session, index) => {
    const waiting = takeFrames(session, news[index])
    const page = room > 0 ? takeReadPage(node, session, now, out) : null
    if (page) room -= page.records
    else if (session.answers.length > 0 && room <= 0) markSession(node, session, out)
    const frames = page ? [...waiting, page.frame] : waiting
    if (frames.length > 0) sendFrames(session, frames, out)
  })
}

function takesFrames(session: Session): boolean {
  return isConnected(session) && session.congestedUntil === 0
}
