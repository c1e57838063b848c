/**
 * Asks a contacts adapter and makes one kind of answer of all its kinds: what it leaves out, pages, promises, time
 * limits and wrong ids are dealt with here, so that neither adapters nor the presence service need to.
 */
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { Clock } from '../../core/clock.ts'
import { isUserId } from '../../core/ids.ts'
import { PresenceError } from '../../core/errors.ts'
import type { Limits } from '../../core/limits.ts'
import type { ContactsAdapter, IdSource } from './contract.ts'

/** A question, and the ids that answer it. */
export type ContactsReader = (question: {
  readonly about: 'contacts' | 'roster' | 'visible'
  readonly user: string
  readonly among?: readonly string[]
}) => Awaitable<ReadonlySet<string>>

/** So many lists are read at once where each target's own list must be asked. */
const LISTS_AT_ONCE = 32

export function createContactsReader(
  adapter: ContactsAdapter,
  limits: Pick<Limits, 'contacts' | 'contactsTimeoutMs' | 'idBytes'>,
  clock: Clock,
): ContactsReader {
  const list = (source: IdSource) => collect(source, limits)
  const contactsOf = (user: string) => list(adapter.contactsOf(user))

  const visible = (viewer: string, among: readonly string[]): Awaitable<Set<string>> => {
    const others = among.filter((id) => id !== viewer)
    const self = among.length > others.length ? [viewer] : []
    if (adapter.canSee) {
      return then(list(adapter.canSee(viewer, others)), (seen) =>
        keep([...others.filter((id) => seen.has(id)), ...self]),
      )
    }
    if (adapter.symmetric) {
      return then(contactsOf(viewer), (seen) => keep([...others.filter((id) => seen.has(id)), ...self]))
    }
    return then(
      inSteps(others, (id) => then(contactsOf(id), (theirs) => theirs.has(viewer))),
      (verdicts) => keep([...others.filter((_, index) => verdicts[index]), ...self]),
    )
  }

  const roster = (user: string): Awaitable<ReadonlySet<string>> => {
    if (adapter.symmetric) return contactsOf(user)
    const whole = adapter.rosterOf ? list(adapter.rosterOf(user)) : contactsOf(user)
    return then(whole, (ids) => visible(user, [...ids]))
  }

  return ({ about, user, among = [] }) => {
    const answer =
      about === 'contacts' ? contactsOf(user) : about === 'roster' ? roster(user) : visible(user, among)
    return isPromise(answer) ? withTimeout(answer, limits.contactsTimeoutMs, clock) : answer
  }
}

function keep(ids: readonly string[]): Set<string> {
  return new Set(ids)
}

function then<A, B>(value: Awaitable<A>, next: (value: A) => Awaitable<B>): Awaitable<B> {
  return isPromise(value) ? value.then(next) : next(value)
}

/** Maps a list, a few at a time where there is something to wait for. */
function inSteps<A, B>(
  items: readonly A[],
  map: (item: A) => Awaitable<B>,
  done: readonly B[] = [],
): Awaitable<B[]> {
  const results: B[] = [...done]
  while (results.length < items.length) {
    const step = items.slice(results.length, results.length + LISTS_AT_ONCE).map(map)
    if (step.some(isPromise)) {
      return Promise.all(step).then((values) => inSteps(items, map, [...results, ...values]))
    }
    results.push(...(step as B[]))
  }
  return results
}

function collect(source: IdSource, limits: Pick<Limits, 'contacts' | 'idBytes'>): Awaitable<Set<string>> {
  if (isPromise(source)) return source.then((ids) => collect(ids, limits))
  const ids = new Set<string>()
  if (Symbol.asyncIterator in source) return collectPages(source, ids, limits)
  addAll(ids, source, limits)
  return ids
}

async function collectPages(
  pages: AsyncIterable<Iterable<string>>,
  ids: Set<string>,
  limits: Pick<Limits, 'contacts' | 'idBytes'>,
): Promise<Set<string>> {
  for await (const page of pages) if (!addAll(ids, page, limits)) break
  return ids
}

/** Adds ids up to the limit; says whether there is room for more. */
function addAll(
  ids: Set<string>,
  page: Iterable<string>,
  limits: Pick<Limits, 'contacts' | 'idBytes'>,
): boolean {
  for (const id of page) {
    if (limits.contacts > 0 && ids.size >= limits.contacts) return false
    if (!isUserId(id, limits.idBytes))
      throw new PresenceError('BAD_ID', 'The contacts adapter gave an id that is none')
    ids.add(id)
  }
  return true
}

function withTimeout<T>(answer: PromiseLike<T>, timeoutMs: number, clock: Clock): PromiseLike<T> {
  if (timeoutMs === 0) return answer
  let cancel = () => {}
  const timeout = new Promise<never>((_, reject) => {
    cancel = clock.setTimer(timeoutMs, () => {
      reject(new PresenceError('TIMEOUT', `The contacts adapter did not answer within ${timeoutMs} ms`))
    })
  })
  return Promise.race([answer, timeout]).finally(() => {
    cancel()
  })
}
