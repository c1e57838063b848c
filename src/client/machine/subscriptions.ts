/**
 * Who watches whom: counts by user, and the first snapshot of each watch. The contact list is watched under a key of
 * its own.
 *
 * The server is told of the first who watches a user, and, after a delay, when the last is gone: a component that
 * is taken down and put up again, as React's StrictMode does, changes nothing there.
 */
import type { PresenceError } from '../../core/errors.ts'
import type { Presence } from '../../core/model.ts'
import { presenceOf, type Records } from './records.ts'
import { createRoster, interrupt, notePart, noteSpokenOf, ROSTER, type Roster, takePage } from './roster.ts'
import { deliver, disappoint, type Subscription, type SubscriptionAction } from './subscription.ts'
import type { Sink, Turn } from './turn.ts'

/** All watches. Changed in place. */
export interface Subscriptions {
  readonly records: Records
  readonly roster: Roster
  readonly unsubscribeDelayMs: number
  /** By key: a user id, or {@link ROSTER}. */
  readonly watchers: Map<string, Set<Subscription>>
  /** The keys that the server keeps us told of. */
  readonly told: Set<string>
  /** Keys that nobody watches any more, and when to tell the server; soonest first, for the delay is always the same. */
  readonly releases: Map<string, number>
}

/** What follows from a change of who watches whom. */
export type WatchAction =
  | SubscriptionAction
  | { readonly type: 'watch'; readonly key: string }
  /** And these users are nobody's concern any more, if not by another key. */
  | { readonly type: 'unwatch'; readonly key: string; readonly users: readonly string[] }
  /** These were contacts, and are none any more. */
  | { readonly type: 'left'; readonly users: readonly string[] }

type Out = Sink<WatchAction>

/** Nobody watches anybody. */
export function createSubscriptions(records: Records, unsubscribeDelayMs: number): Subscriptions {
  return {
    records,
    roster: createRoster(),
    unsubscribeDelayMs,
    watchers: new Map(),
    told: new Set(),
    releases: new Map(),
  }
}

/** Whether the server keeps us told of a user. */
export function isTold({ told, roster }: Subscriptions, userId: string): boolean {
  return told.has(userId) || roster.incoming.has(userId) || (told.has(ROSTER) && roster.members.has(userId))
}

/** The users whom a key stands for. */
export function usersOf({ roster }: Subscriptions, key: string): readonly string[] {
  return key === ROSTER ? [...roster.members] : [key]
}

/** Watches more. */
export function addKeys(
  { watchers, told, releases }: Subscriptions,
  subscription: Subscription,
  keys: readonly string[],
  out: Out,
): void {
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
  keys: readonly string[],
  { now, out }: Turn<WatchAction>,
): void {
  for (const key of keys) {
    if (!subscription.keys.delete(key)) continue
    subscription.seen.delete(key)
    const watching = watchers.get(key)
    watching?.delete(subscription)
    if (watching?.size === 0) releases.set(key, now + unsubscribeDelayMs)
  }
  out.push({ type: 'greet', subscription })
}

/** Tells a watch what is known already. */
export function greet(subscriptions: Subscriptions, subscription: Subscription, out: Out): void {
  for (const key of subscription.keys) {
    if (subscriptions.told.has(key)) deliverKey(subscriptions, subscription, key, out)
  }
  complete(subscriptions, subscription, out)
}

/** A record has changed. Who watches the contact list is also told of somebody who has just left it. */
export function deliverChange({ watchers, roster }: Subscriptions, presence: Presence, out: Out): void {
  const { userId } = presence
  for (const subscription of watchers.get(userId) ?? []) deliver(subscription, presence, out)
  for (const subscription of watchers.get(ROSTER) ?? []) {
    const isMember = roster.members.has(userId)
    if (isMember || subscription.seen.has(userId)) deliver(subscription, presence, out)
    if (!isMember) subscription.seen.delete(userId)
  }
}

/** The server has answered for these keys, and keeps us told of them from now on. */
export function noteTold(subscriptions: Subscriptions, keys: readonly string[], out: Out): void {
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

/** The server has told a page of the contact list. */
export function notePage(
  subscriptions: Subscriptions,
  users: readonly string[],
  more: boolean,
  out: Out,
): void {
  const left = takePage(subscriptions.roster, users, more)
  if (!left) return
  out.push({ type: 'left', users: left })
  noteTold(subscriptions, [ROSTER], out)
}

/** The server speaks of these users, unasked. */
export function noteSpoken(
  { told, watchers, roster }: Subscriptions,
  users: readonly string[],
  now: number,
): void {
  if (!told.has(ROSTER)) return
  // Whoever is watched by id may be spoken of for that, before the question is answered too.
  for (const user of users) if (!watchers.has(user)) noteSpokenOf(roster, user, now)
}

/** The server keeps us told of nobody any more. */
export function forgetTold({ told, roster }: Subscriptions): void {
  told.clear()
  interrupt(roster)
}

/** The server refuses some keys: who waits for a first snapshot of them waits in vain. */
export function refuse(
  { watchers }: Subscriptions,
  keys: Iterable<string>,
  error: PresenceError,
  out: Out,
): void {
  for (const key of keys) {
    for (const subscription of watchers.get(key) ?? []) disappoint(subscription, error, out)
  }
}

/** Lets go of whom nobody has watched for the delay. */
export function release(subscriptions: Subscriptions, { now, out }: Turn<WatchAction>): void {
  const { watchers, told, releases, roster } = subscriptions
  for (const [key, at] of releases) {
    if (now < at) return
    releases.delete(key)
    watchers.delete(key)
    told.delete(key)
    out.push({ type: 'unwatch', key, users: usersOf(subscriptions, key) })
    if (key === ROSTER) roster.members.clear()
    else notePart(roster, key, now)
  }
}

/** When somebody is to be let go of. */
export function releaseDueAt({ releases }: Subscriptions): number {
  const [soonest = Infinity] = releases.values()
  return soonest
}

function deliverKey(subscriptions: Subscriptions, subscription: Subscription, key: string, out: Out): void {
  for (const user of usersOf(subscriptions, key))
    deliver(subscription, presenceOf(subscriptions.records, user), out)
}

function complete(subscriptions: Subscriptions, subscription: Subscription, out: Out): void {
  const { records, told } = subscriptions
  const keys = [...subscription.keys]
  if (!subscription.awaited || !keys.every((key) => told.has(key))) return
  subscription.awaited = false
  const users = keys.flatMap((key) => usersOf(subscriptions, key))
  out.push({ type: 'complete', subscription, presences: users.map((user) => presenceOf(records, user)) })
}
