import { useCallback, useMemo, useSyncExternalStore } from 'react'
import type { Presence } from '../../core/model.ts'
import type { PresenceClient } from '../api.ts'
import { unknownPresence } from '../machine/records.ts'
import { useClient } from './provider.ts'
import { look, watch } from './watch.ts'

/**
 * The presences of many users, in the order of `userIds`, watched as long as the component is mounted. The same
 * array until one of them changes; the ids may come in a new array with each render.
 */
export function usePresences(userIds: readonly string[]): readonly Presence[] {
  const client = useClient()
  const key = JSON.stringify(userIds)
  const ids = useMemo(() => JSON.parse(key) as readonly string[], [key])
  const unknown = useMemo(() => ids.map(unknownPresence), [ids])
  const read = useMemo(() => createReader(client, unknown), [client, unknown])
  const subscribe = useCallback(
    (onChange: () => void) => watch(client, ids, coalesce(onChange)),
    [client, ids],
  )
  return useSyncExternalStore(subscribe, read, () => unknown)
}

function createReader(
  client: PresenceClient | null,
  unknown: readonly Presence[],
): () => readonly Presence[] {
  let last = unknown
  return () => {
    const next = unknown.map((presence) => look(client, presence.userId, presence))
    if (next.some((presence, index) => presence !== last[index])) last = next
    return last
  }
}

/** A snapshot of a thousand users is a thousand changes, and one look at them. */
function coalesce(callback: () => void): () => void {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    queueMicrotask(() => {
      waiting = false
      callback()
    })
  }
}
