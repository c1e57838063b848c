/** The contact list as the server tells it: page by page, and then by speaking of whoever joins. */

/** Stands among user ids for the whole contact list: the one key that no user can have. */
export const ROSTER = ''

/** Who is on the list. Changed in place. */
export interface Roster {
  readonly members: Set<string>
  /** The list as it is being told. */
  readonly incoming: Set<string>
  /** Who was watched by id until a moment ago, and how long the server may still speak of them for that reason. */
  readonly parting: Map<string, number>
}

/** A server that has been told to watch somebody no more stops speaking of them within this time. */
const PARTING_MS = 10_000

/** Nobody is on the list. */
export function createRoster(): Roster {
  return { members: new Set(), incoming: new Set(), parting: new Map() }
}

/**
 * Takes a page.
 *
 * @returns at the last page, who is a contact no more; `null` where another page follows
 */
export function takePage(
  { members, incoming }: Roster,
  users: readonly string[],
  more: boolean,
): string[] | null {
  for (const user of users) {
    incoming.add(user)
    members.add(user)
  }
  if (more) return null
  const left = [...members].filter((user) => !incoming.has(user))
  for (const user of left) members.delete(user)
  incoming.clear()
  return left
}

/** The server speaks of somebody who is not watched by id: a new contact, unless it has not heard of the end yet. */
export function noteSpokenOf({ members, parting }: Roster, user: string, now: number): void {
  if (now >= (parting.get(user) ?? 0)) members.add(user)
}

/** Somebody is watched by id no more. */
export function notePart({ parting }: Roster, user: string, now: number): void {
  parting.set(user, now + PARTING_MS)
}

/** The connection is gone: what was being told is not told to its end. */
export function interrupt({ incoming, parting }: Roster): void {
  incoming.clear()
  parting.clear()
}
