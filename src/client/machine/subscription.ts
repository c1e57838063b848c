/** One watch: over whom, who listens, and what they saw last. */
import type { PresenceError } from '../../core/errors.ts'
import type { Presence } from '../../core/model.ts'
import type { PresenceListener } from '../api.ts'
import { unknownPresence } from './records.ts'
import type { Sink } from './turn.ts'

/** One watch. Changed in place. */
export interface Subscription {
  /** User ids, or the one key of the whole contact list. */
  readonly keys: Set<string>
  readonly listener: PresenceListener | undefined
  /** What the listener saw last, by user. */
  readonly seen: Map<string, Presence>
  /** The first snapshot is due. */
  awaited: boolean
  active: boolean
}

/** What comes of a watch. */
export type SubscriptionAction =
  /** Look at it once the call that changed it has returned. */
  | { readonly type: 'greet'; readonly subscription: Subscription }
  | {
      readonly type: 'notify'
      readonly subscription: Subscription
      readonly presence: Presence
      readonly previous: Presence
    }
  | {
      readonly type: 'complete'
      readonly subscription: Subscription
      readonly presences: readonly Presence[]
    }
  | { readonly type: 'incomplete'; readonly subscription: Subscription; readonly error: PresenceError }

/** A watch over nobody yet. */
export function createSubscription(listener: PresenceListener | undefined): Subscription {
  return { keys: new Set(), listener, seen: new Map(), awaited: true, active: true }
}

/** Tells the listener: never twice the same record, and never an older one. */
export function deliver(subscription: Subscription, presence: Presence, out: Sink<SubscriptionAction>): void {
  const { userId, version } = presence
  const previous = subscription.seen.get(userId)
  if (previous && version <= previous.version) return
  subscription.seen.set(userId, presence)
  out.push({ type: 'notify', subscription, presence, previous: previous ?? unknownPresence(userId) })
}

/** The first snapshot will not come. */
export function disappoint(
  subscription: Subscription,
  error: PresenceError,
  out: Sink<SubscriptionAction>,
): void {
  if (!subscription.awaited) return
  subscription.awaited = false
  out.push({ type: 'incomplete', subscription, error })
}
