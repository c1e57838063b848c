/**
 * Tells the watchers of a user, wherever the news comes from: this node's own fan-out, another node, or the comparison
 * with the storage. Each is told as much as they see.
 */
import { type UserRecord, viewOf } from '../core/record.ts'
import { isNewer, type VersionedRecord } from '../core/version.ts'
import type { Sight } from '../core/visibility.ts'
import type { Change, Telling } from './entities.ts'
import type { NodeAction } from './machine.ts'
import { gatherChange } from './outbox.ts'
import { AT_ANY_TIME } from './presence-of.ts'
import { liveSessions } from './registry.ts'
import { sightIn } from './sight-table.ts'
import { type NodeState, storageTime } from './state.ts'
import { createTelling, textAt, textOf } from './telling.ts'
import { forgetStray, NOT_SEEN, noteStray, sightBy, viewersOf } from './watch.ts'

/**
 * Tells the watchers of a record, if it is news to them. `recipients`: these users at most, and the user; `null`: all who
 * may see.
 */
export function tellWatchers(
  node: NodeState,
  id: string,
  record: VersionedRecord,
  recipients: ReadonlySet<string> | null,
  now: number,
  out: NodeAction[],
): void {
  const watched = node.watched.get(id)
  if (!watched || isNewer(watched.version, record)) return
  const { version: versionBefore, told: seenBefore } = watched
  const telling = createTelling(id, viewOf(record.record, AT_ANY_TIME))
  const toldBefore = watched.toldAt
  watched.version = record
  watched.told = telling
  watched.toldAt = ++node.tellings
  const changeFor = changesBetween(seenBefore, telling, record, storageTime(node, now))
  // One after the other for all: most of what is looked at is cold, and what a short loop looks at is fetched side by side.
  const viewers = viewersOf(node, watched)
  const named = viewers.map((viewer) => recipients === null || recipients.has(viewer.id) || viewer.id === id)
  const sessions = viewers.map(liveSessions)
  viewers.forEach(({ number }, index) => {
    for (const session of sessions[index] ?? []) {
      const stray = watched.strays?.get(session)
      if (stray && isNewer(stray.version, record)) continue
      const sight = sightBy(session, watched, sightIn(watched.viewers, number) ?? 'nothing')
      const change = changeFor(sight, stray?.text)
      if (named[index] && sight !== 'nothing') {
        if (stray) forgetStray(watched, session)
        gatherChange(node, session, change, toldBefore, now, out)
      } else noteStray(watched, session, stray ?? { version: versionBefore, text: change.before })
    }
  })
}

/** What somebody is told who sees so much: one change for all to whom it is the same, however many they are. */
function changesBetween(
  told: Telling | null,
  telling: Telling,
  version: VersionedRecord,
  time: number,
): (sight: Sight, before: string | undefined) => Change {
  const { user, view } = telling
  const shared: { [sight in Sight]?: Change } = {}
  const make = (sight: Sight, before: string): Change => ({
    user,
    before,
    update: textOf(telling, sight, time),
    text: textAt(telling, sight, time),
    view,
    version,
  })
  return (sight, before) => {
    if (before !== undefined) return make(sight, before)
    return (shared[sight] ??= make(sight, told && sight !== 'nothing' ? textOf(told, sight, time) : ''))
  }
}

/** A record may tell of a change of contacts of which no other message came. What is seen first is where it counts from. */
export function noteInvalidation(node: NodeState, id: string, { invalidated = 0 }: UserRecord): void {
  const watched = node.watched.get(id)
  if (!watched || invalidated <= watched.invalidated) return
  if (watched.invalidated !== NOT_SEEN) node.concerns.push({ type: 'review', user: id })
  watched.invalidated = invalidated
}
