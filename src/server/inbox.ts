/**
 * What comes from other nodes. Every item can be lost, doubled or late, so each is judged by the version of what it
 * carries; and a number that is missing has everything compared at once.
 */
import { addressOf } from '../core/lease.ts'
import { compareSoon } from './comparison.ts'
import { supersede } from './endings.ts'
import type { NodeAction } from './machine.ts'
import { greet } from './mail.ts'
import { type MailItem, readMail, recordOf } from './mail-format.ts'
import { learn } from './learning.ts'
import { sessionOf } from './registry.ts'
import { checkSessions, disown } from './repair.ts'
import { reviewContacts } from './review.ts'
import { type Sharing, takeOffEntry } from './sharing.ts'
import { isFenced } from './standing.ts'
import type { NodeState } from './state.ts'
import { noteInvalidation, tellWatchers } from './tell.ts'

/** A message has come. */
export function onMessage(node: NodeState, text: string, now: number, out: NodeAction[]): void {
  const { sharing } = node
  const mail = readMail(text)
  if (!sharing || !mail) return
  noteSender(node, sharing, mail.from, now, out)
  if (isMissing(sharing, mail.from, mail.number, mail.items.length > 0)) compareSoon(node, now, out)
  for (const item of mail.items) take(node, sharing, item, now, out)
}

/** More than this that are not listed are not believed. */
const MOST_ARRIVALS = 100

/** Whoever is not listed yet here has joined since the last flush; what all nodes are told they are to be told too. */
function noteSender(
  node: NodeState,
  { listed, arrivals }: Sharing,
  from: string,
  now: number,
  out: NodeAction[],
): void {
  if (from === node.config.address || arrivals.has(from) || arrivals.size >= MOST_ARRIVALS) return
  if (listed.some(({ incarnation }) => addressOf(incarnation) === from)) return
  arrivals.set(from, now)
  greet(node, from, out)
}

/** Messages overtake each other by fewer than this. */
const MOST_OVERTAKEN = 1_000

/**
 * Whether a message before this one has not come. One without items repeats the number of the last. Who is far behind what
 * was heard of them cannot have said that: it was forged, and they are counted anew.
 */
function isMissing({ heard }: Sharing, from: string, number: number, counts: boolean): boolean {
  const last = heard.get(from) ?? 0
  if (number < last - MOST_OVERTAKEN) {
    heard.set(from, number)
    return true
  }
  heard.set(from, Math.max(last, number))
  return number > (counts ? last + 1 : last)
}

function take(node: NodeState, sharing: Sharing, item: MailItem, now: number, out: NodeAction[]): void {
  switch (item[0]) {
    case 'tell':
      // Who is fenced tells nobody anything; what it misses by that it finds when it compares.
      if (isFenced(node, now)) return
      tellWatchers(node, item[1], recordOf(item), item[5] && new Set(item[5]), now, out)
      return noteInvalidation(node, item[1], recordOf(item).record)
    case 'own':
      return takeOwn(node, item, now, out)
    case 'review':
      return noteReview(node, item[1], item[2], out)
    case 'here':
      return
    case 'canary':
      sharing.canary.heard = Math.max(sharing.canary.heard, item[2])
  }
}

/** Another node has written the record of a user who has sessions here. */
function takeOwn(
  node: NodeState,
  item: Extract<MailItem, readonly [kind: 'own', ...rest: unknown[]]>,
  now: number,
  out: NodeAction[],
): void {
  const [, id, , , , superseded] = item
  const user = node.users.get(id)
  const stored = recordOf(item)
  if (!user) return disown(node, id, stored.record.sessions, now)
  // Where nothing is known yet the storage is asked: a message alone is no ground to stand on, it may be forged.
  if (user.known) learn(node, user, stored, now, out)
  for (const sessionId of superseded) {
    const session = sessionOf(user, sessionId)
    if (session) supersede(node, session, now, out)
    takeOffEntry(node.sharing, sessionId)
  }
  if (!isFenced(node, now)) checkSessions(node, user, now, out)
}

function noteReview(node: NodeState, id: string, invalidated: number, out: NodeAction[]): void {
  const watched = node.watched.get(id)
  if (watched) watched.invalidated = Math.max(watched.invalidated, invalidated)
  const user = node.users.get(id)
  if (user) user.invalidated = Math.max(user.invalidated, invalidated)
  reviewContacts(node, id, out)
}
