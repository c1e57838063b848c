/**
 * Asks a contacts adapter and makes one kind of answer of all its kinds: what it leaves out, pages, promises, time
 * limits and wrong ids are dealt with here, so that neither adapters nor the presence service need to.
 */
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { Clock } from '../../core/clock.ts'
import { isUserId } from '../../core/ids.ts'
import { PresenceError } from '../../core/errors.ts'
import type { Limits } from '../../core/limits.ts'
import { collect } from './collect.ts'
import type { ContactsAdapter, IdSource } from './contract.ts'
import { createGuard } from './guard.ts'
import { andThen, inSteps } from './waiting.ts'

/** A question, and the ids that answer it. `own`: whom the user has in their own list, visible or not. */
export type ContactsReader = (question: {
  readonly about: 'contacts' | 'own' | 'roster' | 'visible'
  readonly user: string
  readonly among?: readonly string[]
}) => Awaitable<ReadonlySet<string>>

export function createContactsReader(
  adapter: ContactsAdapter,
  limits: Pick<Limits, 'contacts' | 'contactsTimeoutMs' | 'idBytes'>,
  clock: Clock,
): ContactsReader {
  const most = limits.contacts === 0 ? Number.POSITIVE_INFINITY : limits.contacts
  const check = (id: string): void => {
    if (!isUserId(id, limits.idBytes))
      throw new PresenceError('BAD_ID', 'The contacts adapter gave an id that is none')
  }
  // A set that was looked through already is taken as it is: copying 100,000 ids for each change takes 10 ms.
  const checked = new WeakMap<ReadonlySet<string>, number>()
  const list = (source: IdSource): Awaitable<ReadonlySet<string>> => {
    if (isPromise(source)) return source.then(list)
    if (!(source instanceof Set) || source.size > most) return collect(source, most, check)
    const ids = source as ReadonlySet<string>
    if (checked.get(ids) !== ids.size) for (const id of ids) check(id)
    checked.set(ids, ids.size)
    return ids
  }
  const contactsOf = (user: string) => list(adapter.contactsOf(user))
  const guard = createGuard('contacts', limits.contactsTimeoutMs, clock, adapter.invalidate === undefined)

  const visible = (viewer: string, among: readonly string[]): Awaitable<Set<string>> => {
    const others = among.filter((id) => id !== viewer)
    const self = among.length > others.length ? [viewer] : []
    const those = (seen: ReadonlySet<string>) => new Set([...others.filter((id) => seen.has(id)), ...self])
    if (adapter.canSee) return andThen(list(adapter.canSee(viewer, others)), those)
    if (adapter.symmetric) return andThen(contactsOf(viewer), those)
    const seen = new Set<string>()
    const look = (id: string) =>
      andThen(contactsOf(id), (theirs) => {
        if (theirs.has(viewer)) seen.add(id)
      })
    return andThen(inSteps(others, look), () => those(seen))
  }

  const roster = (user: string): Awaitable<ReadonlySet<string>> => {
    if (adapter.symmetric) return contactsOf(user)
    return andThen(own(user), (ids) => visible(user, [...ids]))
  }
  const own = (user: string) => (adapter.rosterOf ? list(adapter.rosterOf(user)) : contactsOf(user))

  return ({ about, user, among = [] }) =>
    guard(() => {
      switch (about) {
        case 'contacts':
          return contactsOf(user)
        case 'own':
          return own(user)
        case 'roster':
          return roster(user)
        case 'visible':
          return visible(user, among)
      }
    })
}
