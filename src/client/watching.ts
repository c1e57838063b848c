/** The callers' side of watches: a handle to hold, and the promise of a first snapshot. */
import { PresenceError } from '../core/errors.ts'
import type { Presence } from '../core/model.ts'
import type { PresenceListener, PresenceSubscription } from './api.ts'
import { checkIds } from './checks.ts'
import type { ClientEvent } from './machine/client-state.ts'
import { createSubscription, type Subscription } from './machine/subscription.ts'

/** The watches of a client. */
export interface Watching {
  readonly watch: (keys: readonly string[], listener: PresenceListener | undefined) => PresenceSubscription
  /** The first snapshot is there, or will not come. */
  readonly complete: (subscription: Subscription, presences: readonly Presence[]) => void
  readonly disappoint: (subscription: Subscription, error: PresenceError) => void
  /** Nothing is watched any more, or ever will be. */
  readonly end: () => void
}

interface Settler {
  readonly resolve: (presences: readonly Presence[]) => void
  readonly reject: (error: PresenceError) => void
}

/** Nothing is watched. */
export function createWatching(dispatch: (event: ClientEvent) => void): Watching {
  /** The first snapshots that are still due. */
  const due = new Map<Subscription, Settler>()
  let ended = false

  const take = (subscription: Subscription): Settler | undefined => {
    const settler = due.get(subscription)
    due.delete(subscription)
    return settler
  }
  const disappoint = (subscription: Subscription, error: PresenceError): void =>
    take(subscription)?.reject(error)
  const close = (subscription: Subscription): void => {
    subscription.active = false
    disappoint(subscription, new PresenceError('CLOSED', 'The subscription has ended'))
  }

  return {
    watch(keys, listener) {
      const subscription = createSubscription(listener)
      const ready = new Promise<readonly Presence[]>((resolve, reject) => {
        due.set(subscription, { resolve, reject })
      })
      // Nobody has to wait for it.
      ready.catch(() => undefined)
      const change = (type: 'add' | 'remove', changed: readonly string[]): void => {
        if (subscription.active) dispatch({ type, subscription, keys: changed })
      }
      if (ended) close(subscription)
      change('add', keys)
      return {
        ready,
        unsubscribe() {
          change('remove', [...subscription.keys])
          close(subscription)
        },
        add: (...userIds) => change('add', checkIds(userIds)),
        remove: (...userIds) => change('remove', userIds),
      }
    },
    complete: (subscription, presences) => take(subscription)?.resolve(presences),
    disappoint,
    end() {
      ended = true
      for (const subscription of due.keys()) close(subscription)
    },
  }
}
