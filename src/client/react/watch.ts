/** How components watch users: never throwing, whatever id they were given, with a client or without. */
import { isUserId } from '../../core/ids.ts'
import type { Presence } from '../../core/model.ts'
import type { PresenceClient } from '../api.ts'

/** What is known of a user; `unknown` where nobody can be asked. */
export function look(client: PresenceClient | null, userId: string, unknown: Presence): Presence {
  return client && isUserId(userId) ? client.get(userId) : unknown
}

/** Watches users until the returned function is called. */
export function watch(
  client: PresenceClient | null,
  userIds: readonly string[],
  onChange: () => void,
): () => void {
  const ids = userIds.filter((userId) => isUserId(userId))
  return client && ids.length > 0 ? client.subscribe(ids, onChange).unsubscribe : () => undefined
}
