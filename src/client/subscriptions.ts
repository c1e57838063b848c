/**
 * Who watches whom: counts by user, listeners, and the first snapshot of each. The contact list is watched under
 * the one key that no user can have.
 *
 * The server is told of the first who watches a user, and, after a delay, when the last is gone: a component that
 * is taken down and put up again, as React's StrictMode does, changes nothing there.
 */
import type { PresenceError } from '../core/errors.ts'
import type { Presence } from '../core/model.ts'
import type { PresenceListener } from './api.ts'
import { presenceOf, type Records, unknownPresence } from './records.ts'
import type { Sink } from './sink.ts'

/** Stands among the user ids for the whole contact list. */
export const ROSTER = ''

/** One watch. Changed in place. */
export interface Subscription {
  /** User ids, or {@link ROSTER}. */
  readonly keys: Set<string>
  readonly listener: PresenceListener | undefined
  /** What the listener saw last, by user. */
  readonly seen: Map<string, Presence>
  /** The first snapshot is due. */
  awaited: boolean
  active: boolean
}

/** All watches. Changed in place. */
export interface Subscriptions {
  readonly records: Records
  readonly unsubscribeDelayMs: number
  readonly watchers: Map<string, Set<Subscription>>
  /** The keys that the server keeps us told of. */
  readonly told: Set<string>
  /** Keys that nobody watches any more, and when to tell the server; soonest first, for the delay is always the same. */
  readonly releases: Map<string, number>
  /** The contact list, as far as it is known. */
  readonly members: Set<string>
  /** The contact list as it is being told, page by page. */
  readonly incoming: Set<string>
}

/** What follows from a watch. */
export type SubscriptionAction =
  | { readonly type: 'watch'; readonly key: string }
  /** And these users are nobody's concern any more, if not by another key. */
  | { readonly type: 'unwatch'; readonly key: string; readonly users: readonly string[] }
  /** Look at a new watch once the call that made it has returned. */
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
  /** These were contacts, and are none any more. */
  | { readonly type: 'left'; readonly users: readonly string[] }

/** Nobody watches anybody. */
export function createSubscriptions(records: Records, unsubscribeDelayMs: number): Subscriptions {
  return {
    records,
    unsubscribeDelayMs,
    watchers: new Map(),
    told: new Set(),
    releases: new Map(),
    members: new Set(),
    incoming: new Set(),
  }
}

/** A watch over nobody yet. */
export function createSubscription(listener: PresenceListener | undefined): Subscription {
  return { keys: new Set(), listener, seen: new Map(), awaited: true, active: true }
}

/** Whether the server keeps us told of a user. */
export function isTold({ told, members, incoming }: Subscriptions, userId: string): boolean {
  return told.has(userId) || incoming.has(userId) || (told.has(ROSTER) && members.has(userId))
}

/** Watches more. */
export function addKeys(
  subscriptions: Subscriptions,
  subscription: Subscription,
  keys: Iterable<string>,
  out: Sink<SubscriptionAction>,
): void {
  const { watchers, told, releases } = subscriptions
  for (const key of keys) {
    subscription.keys.add(key)
    releases.delete(key)
    const watching = watchers.get(key) ?? new Set()
    watchers.set(key, watching.add(subscription))
    if (!told.has(key)) out.push({ type: 'watch', key })
  }
  out.push({ type: 'greet', subscription })
}

/** Watches these no more. */
export function removeKeys(
  { watchers, releases, unsubscribeDelayMs }: Subscriptions,
  subscription: Subscription,
  keys: Iterable<string>,
  now: number,
  out: Sink<SubscriptionAction>,
): void {
  for (const key of [...keys]) {
    if (!subscription.keys.delete(key)) continue
    subscription.seen.delete(key)
    const watching = watchers.get(key)
    watching?.delete(subscription)
    if (watching?.size === 0) releases.set(key, now + unsubscribeDelayMs)
  }
  out.push({ type: 'greet', subscription })
}

/** Tells a new watch what is known already. */
export function greet(
  subscriptions: Subscriptions,
  subscription: Subscription,
  out: Sink<SubscriptionAction>,
): void {
  for (const key of subscription.keys) {
    if (subscriptions.told.has(key)) deliverKey(subscriptions, subscription, key, out)
  }
  complete(subscriptions, subscription, out)
}

/** A record has changed. */
export function deliverChange(
  subscriptions: Subscriptions,
  presence: Presence,
  out: Sink<SubscriptionAction>,
): void {
  const { watchers, members } = subscriptions
  const { userId } = presence
  for (const subscription of watchers.get(userId) ?? []) deliver(subscription, presence, out)
  if (!members.has(userId)) return
  for (const subscription of watchers.get(ROSTER) ?? []) deliver(subscription, presence, out)
}

/** The server has answered for these keys, and keeps us told of them from now on. */
export function noteTold(
  subscriptions: Subscriptions,
  keys: readonly string[],
  out: Sink<SubscriptionAction>,
): void {
  const { watchers, told } = subscriptions
  const concerned = new Set<Subscription>()
  for (const key of keys) {
    const watching = watchers.get(key)
    // Let go of while the question was under way.
    if (!watching) continue
    told.add(key)
    for (const subscription of watching) {
      concerned.add(subscription)
      deliverKey(subscriptions, subscription, key, out)
    }
  }
  for (const subscription of concerned) complete(subscriptions, subscription, out)
}

/** A page of the contact list. Those who are missing at its end are contacts no more. */
export function notePage(
  subscriptions: Subscriptions,
  users: readonly string[],
  more: boolean,
  out: Sink<SubscriptionAction>,
): void {
  const { members, incoming } = subscriptions
  for (const user of users) {
    incoming.add(user)
    members.add(user)
  }
  if (more) return
  const left = [...members].filter((user) => !incoming.has(user))
  for (const user of left) members.delete(user)
  incoming.clear()
  if (left.length > 0) out.push({ type: 'left', users: left })
  noteTold(subscriptions, [ROSTER], out)
}

/** The server speaks of these unasked: who is not watched by id has become a contact. */
export function noteSpokenOf({ told, members }: Subscriptions, users: readonly string[]): void {
  if (!told.has(ROSTER)) return
  for (const user of users) if (!told.has(user)) members.add(user)
}

/** The server keeps us told of nobody any more. */
export function forgetTold({ told, incoming }: Subscriptions): void {
  told.clear()
  incoming.clear()
}

/** The server refuses some keys, or all: who waits for a first snapshot of them waits in vain. */
export function refuse(
  { watchers }: Subscriptions,
  keys: Iterable<string>,
  error: PresenceError,
  out: Sink<SubscriptionAction>,
): void {
  for (const key of keys) {
    for (const subscription of watchers.get(key) ?? []) {
      if (subscription.awaited) out.push({ type: 'incomplete', subscription, error })
      subscription.awaited = false
    }
  }
}

/** Lets go of whom nobody has watched for the delay. */
export function release(subscriptions: Subscriptions, now: number, out: Sink<SubscriptionAction>): void {
  const { watchers, told, releases, members } = subscriptions
  for (const [key, at] of releases) {
    if (now < at) return
    releases.delete(key)
    watchers.delete(key)
    told.delete(key)
    out.push({ type: 'unwatch', key, users: key === ROSTER ? [...members] : [key] })
    if (key === ROSTER) members.clear()
  }
}

/** When somebody is to be let go of. */
export function releaseDueAt({ releases }: Subscriptions): number {
  for (const at of releases.values()) return at
  return Infinity
}

function deliverKey(
  { records, members }: Subscriptions,
  subscription: Subscription,
  key: string,
  out: Sink<SubscriptionAction>,
): void {
  const users = key === ROSTER ? members : [key]
  for (const user of users) deliver(subscription, presenceOf(records, user), out)
}

/** Never twice the same record, and never an older one. */
function deliver(subscription: Subscription, presence: Presence, out: Sink<SubscriptionAction>): void {
  const { userId, version } = presence
  const previous = subscription.seen.get(userId)
  if (previous && version <= previous.version) return
  subscription.seen.set(userId, presence)
  out.push({ type: 'notify', subscription, presence, previous: previous ?? unknownPresence(userId) })
}

function complete(
  subscriptions: Subscriptions,
  subscription: Subscription,
  out: Sink<SubscriptionAction>,
): void {
  const { records, told, members } = subscriptions
  const keys = [...subscription.keys]
  if (!subscription.awaited || !keys.every((key) => told.has(key))) return
  subscription.awaited = false
  const users = keys.flatMap((key) => (key === ROSTER ? [...members] : [key]))
  out.push({ type: 'complete', subscription, presences: users.map((user) => presenceOf(records, user)) })
}
