/**
 * Tells the watchers of a user, wherever the news comes from: this node's own fan-out, another node, or the comparison
 * with the storage.
 */
import { encodePresence } from '../core/codec.ts'
import { type UserRecord, viewOf } from '../core/record.ts'
import { isNewer, type VersionedRecord } from '../core/version.ts'
import type { NodeAction } from './machine.ts'
import { enqueueChange } from './outbox.ts'
import { AT_ANY_TIME, seenBy } from './presence-of.ts'
import { type NodeState, storageTime } from './state.ts'
import { NOT_SEEN, watches } from './watch.ts'

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
  const { told } = watched
  const view = viewOf(record.record, AT_ANY_TIME)
  const update = encodePresence(id, view)
  const time = storageTime(node, now)
  const text =
    view.lastSeen === null || view.lastSeen <= time ? update : encodePresence(id, seenBy(time, view))
  const before = { version: watched.version, text: told }
  watched.version = record
  watched.told = update
  for (const viewer of watched.viewers) {
    const isNamed = recipients?.has(viewer.id) === true
    for (const session of viewer.sessions.values()) {
      const seen = watched.strays.get(session) ?? before
      if (session.phase !== 'live' || isNewer(seen.version, record)) continue
      if ((isNamed || !recipients) && watches(node, viewer, session, id, isNamed)) {
        watched.strays.delete(session)
        const change = { user: id, before: seen.text, update, text, version: record }
        enqueueChange(node, session, change, out)
      } else watched.strays.set(session, seen)
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
