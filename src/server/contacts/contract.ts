/**
 * The contacts contract: who is to be told of whom. Your database, by three questions of which one is enough.
 */
import type { Awaitable } from '../../core/awaitable.ts'

/** User ids: all at once, later, or in pages as they come. A `Set` is not copied, so it is the cheapest for long lists. */
export type IdSource = Awaitable<Iterable<string>> | AsyncIterable<Iterable<string>>

/**
 * Answers who may know of whom.
 *
 * 1. `contactsOf(userId)` MUST name everyone who is to be told of `userId`'s presence. It MUST include everyone whom
 *    `canSee` lets see `userId`. Duplicates and the user's own id do no harm.
 * 2. `canSee(viewerId, userIds)` MUST answer with those of `userIds` whom the viewer may see, and MUST NOT tell a user
 *    who does not exist from one who may not be seen. Left out: a user is visible to those in their `contactsOf`.
 * 3. `rosterOf(userId)` MUST name whom the user may watch as a whole. Left out: `contactsOf(userId)`, less those who are
 *    not visible.
 * 4. `symmetric: true` says that one list serves all three: whoever is in mine has me in theirs.
 * 5. A user of whom nothing is known MUST give an empty answer, not an error.
 * 6. A failing question MUST reject or throw. Nobody new is shown then; those who are connected stay so.
 * 7. `invalidate(userId)` MUST make every answer to what is asked afterwards newer than the call, wherever it concerns that
 *    user, on either side. For adapters that keep answers; left out: it keeps none.
 * 8. `onChange(listener)` MUST call the listener with the id of each user whose contacts or blocks were changed, by whomever;
 *    of the two sides of a pair one is enough. `null`: of anybody, it is not known whose. It MUST give what stops it.
 */
export interface ContactsAdapter {
  /** Who is to be told of this user. */
  contactsOf(userId: string): IdSource
  /** Which of these the viewer may see. */
  canSee?(viewerId: string, userIds: readonly string[]): Awaitable<Iterable<string>>
  /** Whom this user may watch as a whole. */
  rosterOf?(userId: string): IdSource
  /** One list serves all three. @defaultValue false */
  readonly symmetric?: boolean
  /** Something about this user has changed: what is kept does not count any more. */
  invalidate?(userId: string): void
  /** Tells of changes that others made, where it can; each node listens for itself. */
  onChange?(listener: (userId: string | null) => void): () => void
}
