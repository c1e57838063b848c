/** How changes in the database are heard of, checked. */
import type { Awaitable } from '../../core/awaitable.ts'
import type { PresenceError } from '../../core/errors.ts'
import { configError } from '../../core/errors.ts'
import type { PostgresClientLike } from './client.ts'
import { checkName } from './names.ts'

/** How an adapter hears of changes in the database. */
export interface ListeningOptions {
  /**
   * The channel on which the trigger tells of changes; `false`: nobody listens, and what is kept counts until its time is
   * over or `invalidateContacts` is called.
   */
  readonly channel?: string | false
  /**
   * Makes a connected client to listen with, which is ended by the adapter. Left out: one of the pool is taken for good. Needed
   * where the pool goes through a pooler that hands connections round, such as PgBouncer.
   */
  readonly listenClient?: () => Awaitable<PostgresClientLike>
  /** Is told why nothing can be heard; it is tried again, with longer and longer waits. */
  readonly onListenError?: (error: PresenceError) => void
}

/** @throws `PresenceError` `CONFIG` */
export function checkChannel(channel: string | false | undefined, left: string): string | false {
  return channel === false ? false : checkName('channel', channel ?? left)
}

/** @throws `PresenceError` `CONFIG` */
export function checkListening(options: ListeningOptions, left: string): ListeningOptions {
  const { channel, listenClient, onListenError } = options
  for (const [name, value] of Object.entries({ listenClient, onListenError })) {
    if (value !== undefined && typeof value !== 'function') throw configError(name, 'a function', value)
  }
  return { ...options, channel: checkChannel(channel, left) }
}
