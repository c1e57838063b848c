/**
 * Contacts that are kept for a while, so that a database is asked once for what a thousand connections want to know.
 *
 * What is kept of one pair of users counts until either of them changes. So nothing has to be searched when that happens:
 * a change is noted with the tick at which it came, and an answer that was asked for before does not count. Lists hold
 * many pairs. Of whom changed since a list was asked for it is not known whether they belong to it: they are added, and
 * `canSee`, which asks anew, decides.
 */
import type { Awaitable } from '../../core/awaitable.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import { configError } from '../../core/errors.ts'
import { type Cache, createCache, type Ticks } from './cache.ts'
import { createChanges } from './changes.ts'
import { collect } from './collect.ts'
import type { ContactsAdapter, IdSource } from './contract.ts'
import { createGuard } from './guard.ts'
import { createPairs } from './pairs.ts'
import { andThen, inSteps } from './waiting.ts'

/** How {@link cachedContacts} keeps answers. */
export interface CachedContactsOptions {
  /** So long an answer counts where nobody tells of a change, milliseconds. @defaultValue 30000 */
  readonly ttlMs?: number
  /** Ids that are kept, in all lists together. @defaultValue 2000000 */
  readonly maxIds?: number
  /** Ids that are taken from one list. @defaultValue 100000 */
  readonly maxListIds?: number
  /** Time for one answer of the adapter, milliseconds; 0: no limit. @defaultValue 2000 */
  readonly timeoutMs?: number
  /** @defaultValue the real clock */
  readonly clock?: Clock
}

/** The answers of one viewer about others: which of these may be seen. */
type Sees = (viewer: string, userIds: readonly string[]) => Awaitable<Iterable<string>>

/** With more changes than this since it was asked for, a list is asked for again. */
const MOST_ADDED = 32

/**
 * Keeps the answers of a contacts adapter: each question is asked once at a time, empty answers count as well, and
 * `invalidateContacts` (or the adapter's own `onChange`) makes what concerns that user count no more, on every node.
 *
 * A list may name some who were changed lately and are no contacts; `canSee` is exact.
 *
 * @throws `PresenceError` `CONFIG` for options that cannot work
 *
 * @example
 * ```ts
 * const contacts = cachedContacts({ contactsOf: (userId) => database.contactsOf(userId) })
 * ```
 */
export function cachedContacts(
  contacts: ContactsAdapter,
  {
    ttlMs = 30_000,
    maxIds = 2_000_000,
    maxListIds = 100_000,
    timeoutMs = 2_000,
    clock = systemClock,
  }: CachedContactsOptions = {},
): ContactsAdapter {
  for (const [name, value] of Object.entries({ ttlMs, maxIds, maxListIds })) {
    if (!Number.isInteger(value) || value < 1) throw configError(name, 'a whole number of at least 1', value)
  }
  if (!Number.isFinite(timeoutMs) || timeoutMs < 0) throw configError('timeoutMs', 'at least 0', timeoutMs)
  const guard = createGuard('contacts', timeoutMs, clock)
  const ticks: Ticks = { count: 0 }
  const changes = createChanges(ticks, ttlMs, clock)
  const cacheOf = (source: (userId: string) => IdSource): Cache<ReadonlySet<string>> =>
    createCache({
      load: (userId) => guard(() => collect(source(userId), maxListIds)),
      ttlMs,
      maxSize: Math.ceil(maxIds / 3),
      sizeOf: (ids) => ids.size,
      clock,
      ticks,
    })
  const contactsOf = (userId: string): IdSource => contacts.contactsOf(userId)
  const lists = cacheOf(contactsOf)
  // Apart from the lists of those who are here themselves: how fast a stranger is answered must not tell who that is.
  const asked = cacheOf(contactsOf)
  const rosters = cacheOf((userId) => (contacts.rosterOf ? contacts.rosterOf(userId) : []))
  const pairs = createPairs({
    load: (viewer, userIds) =>
      guard(() => collect(contacts.canSee ? contacts.canSee(viewer, userIds) : [], Number.POSITIVE_INFINITY)),
    ttlMs,
    maxPairs: Math.ceil(maxIds / 3),
    clock,
    ticks,
  })

  const sees: Record<'pairs' | 'symmetric' | 'lists', Sees> = {
    pairs: (viewer, userIds) => pairs.get(viewer, userIds, changes.of),
    symmetric(viewer, userIds) {
      const since = userIds.reduce((last, id) => Math.max(last, changes.of(id)), changes.of(viewer))
      return andThen(lists.get(viewer, since), ({ value }) => userIds.filter((id) => value.has(id)))
    },
    lists(viewer, userIds) {
      const since = changes.of(viewer)
      const seen = new Set<string>()
      const look = (id: string): Awaitable<void> =>
        andThen(asked.get(id, Math.max(since, changes.of(id))), ({ value }) => {
          if (value.has(viewer)) seen.add(id)
        })
      return andThen(inSteps(userIds, look), () => userIds.filter((id) => seen.has(id)))
    },
  }

  const invalidate = (userId: string | null): void => {
    if (userId !== null) return changes.note(userId)
    for (const cache of [lists, asked, rosters, pairs]) cache.clear()
  }
  return {
    contactsOf(userId) {
      const calledAt = changes.last()
      return andThen(
        lists.get(userId, changes.of(userId)),
        ({ value, askedAt }): Awaitable<Iterable<string>> => {
          const changed = changes.since(askedAt, MOST_ADDED)
          if (changed) return changed.length === 0 ? value : [...value, ...changed]
          // Those who have changed since the call are owed to nobody, or one would ask for ever.
          if (askedAt > calledAt) return value
          return andThen(lists.get(userId, calledAt), (again) => again.value)
        },
      )
    },
    canSee: sees[contacts.canSee ? 'pairs' : contacts.symmetric ? 'symmetric' : 'lists'],
    ...(contacts.rosterOf && {
      rosterOf: (userId) => andThen(rosters.get(userId, changes.last()), ({ value }) => value),
    }),
    invalidate(userId) {
      try {
        contacts.invalidate?.(userId)
      } finally {
        invalidate(userId)
      }
    },
    onChange: (listener) =>
      contacts.onChange?.((userId) => {
        invalidate(userId)
        listener(userId)
      }) ?? (() => {}),
  }
}
