/**
 * Tells the watchers of a user, wherever the news comes from: this node's own fan-out, another node, or the comparison
 * with the storage. Each is told as much as they see.
 */
import { type UserRecord, viewOf } from '../core/record.ts'
import { isNewer, type VersionedRecord } from '../core/version.ts'
import type { NodeAction } from './machine.ts'
import { gatherChange } from './outbox.ts'
import { AT_ANY_TIME } from './presence-of.ts'
import { type NodeState, storageTime } from './state.ts'
import { createTelling, textAt, textOf } from './telling.ts'
import { NOT_SEEN, sightOf } from './watch.ts'

/** Tells the watchers of a record, if it is news to them. `recipients`: these users at most; `null`: all who may see. */
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
  const time = storageTime(node, now)
  const telling = createTelling(id, viewOf(record.record, AT_ANY_TIME))
  const { version: versionBefore, told: toldBefore } = watched
  watched.version = record
  watched.told = telling
  for (const viewer of watched.viewers) {
    const isNamed = recipients === null || recipients.has(viewer.id)
    for (const session of viewer.sessions.values()) {
      const stray = watched.strays.get(session)
      if (session.phase !== 'live' || isNewer(stray?.version ?? versionBefore, record)) continue
      const sight = sightOf(session, id)
      const before = stray?.text ?? (toldBefore && sight !== 'nothing' ? textOf(toldBefore, sight, time) : '')
      if (isNamed && sight !== 'nothing') {
        watched.strays.delete(session)
        const update = textOf(telling, sight, time)
        const text = textAt(telling, sight, time)
        const change = { user: id, before, update, text, view: telling.view, version: record }
        gatherChange(node, session, change, now, out)
      } else watched.strays.set(session, stray ?? { version: versionBefore, text: before })
    }
  }
}

/** A record may tell of a change of contacts of which no other message came. What is seen first is where it counts from. */
export function noteInvalidation(node: NodeState, id: string, { invalidated = 0 }: UserRecord): void {
  const watched = node.watched.get(id)
  if (!watched || invalidated <= watched.invalidated) return
  if (watched.invalidated !== NOT_SEEN) node.concerns.push({ type: 'review', user: id })
  watched.invalidated = invalidated
}
