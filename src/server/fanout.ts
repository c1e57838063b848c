/**
 * Fan-out on write: whom to tell of a transition, and on which node.
 *
 *   transition → contacts of the user → those of them with a live session → their sessions here that watch → outbox
 *                                                                        ↘ one item for each other node → mail
 *
 * Whoever is not in the user's contact list is never a target. One fan-out a user runs at a time: what changes
 * meanwhile makes it start over with the newest, so that nobody is told the older thing last.
 */
import { addressOf } from '../core/lease.ts'
import { RETRY_MS, scheduleUser } from './deadlines.ts'
import { isDoubtful } from './doubt.ts'
import type { NodeAction, Told } from './machine.ts'
import { post } from './mail.ts'
import { forgetIdleUser } from './registry.ts'
import { isFenced, otherNodes } from './standing.ts'
import type { User } from './entities.ts'
import type { ContactsPurpose, ReadPurpose } from './purposes.ts'
import { file, type NodeState } from './state.ts'
import type { ReadReply } from './storage/contract.ts'
import { tellWatchers } from './tell.ts'

/** Whoever has more contacts than this is looked for by every node, however many nodes there are: no call may be that long. */
const LOCATE_AT_MOST = 1_000
const NOBODY: ReadonlySet<string> = new Set()

/** Tells of what the user shows now, if that has changed since they were told of it. */
export function pursueFanout(node: NodeState, user: User, now: number, out: NodeAction[]): void {
  if (user.fanout !== 'none' || !user.known || (user.untold && isFenced(node, now))) return
  if (!user.untold) return forgetIdleUser(node, user, now)
  user.fanout = 'running'
  const request = file(node, node.questions, {
    type: 'audience',
    user,
    version: user.known.version,
    doubts: new Set<string>(),
  })
  out.push({ type: 'audience', request, question: { about: 'told', user: user.id } })
}

/** The contacts have told who is to know, or failed to. */
export function onAudience(
  node: NodeState,
  { user, version, doubts }: Extract<ContactsPurpose, { type: 'audience' }>,
  told: Told | null,
  now: number,
  out: NodeAction[],
): void {
  if (!told) return tryLater(node, user, now)
  if (isDoubtful(doubts, user.id, told === 'everyone' ? NOBODY : told)) return startOver(node, user, now, out)
  if (told === 'everyone') return tellEverywhere(node, user, version, null, now, out)
  if (!isWorthLocating(node, told.size)) return tellEverywhere(node, user, version, told, now, out)
  // A user may watch themself.
  const audience = [...told, user.id]
  const request = file(node, node.reads, {
    type: 'locate',
    user,
    version,
    audience,
    doubts: new Set<string>(),
  })
  out.push({ type: 'read', request, ids: audience })
}

/** On a node of its own all are here; and with few nodes telling each of them costs less than asking where the contacts are. */
function isWorthLocating(node: NodeState, contacts: number): boolean {
  if (!node.sharing || contacts >= LOCATE_AT_MOST) return false
  return contacts <= node.config.recordsPerMessage * otherNodes(node).size
}

/** The storage has told which of them are live, and where, or failed to. */
export function onLocated(
  node: NodeState,
  { user, version, audience, doubts }: Extract<ReadPurpose, { type: 'locate' }>,
  reply: ReadReply | null,
  now: number,
  out: NodeAction[],
): void {
  if (!reply) return tryLater(node, user, now)
  if (doubts.size > 0 && isDoubtful(doubts, user.id, new Set(audience)))
    return startOver(node, user, now, out)
  const isWhole = reply.records.every((record) => record !== null)
  if (isCurrent(node, user, version, now)) {
    const places = locate(audience, reply)
    // Here it is known who is here, also of those whom others have taken out of their records by mistake.
    places.set(node.config.address, new Set(audience))
    for (const [address, recipients] of places) tell(node, user, address, recipients, now, out)
    user.untold = !isWhole
  }
  // Those who could be read have been told; the others may be by and by.
  if (isWhole) startOver(node, user, now, out)
  else tryLater(node, user, now)
}

/** The users with sessions on each node. */
function locate(audience: readonly string[], { records }: ReadReply): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>()
  audience.forEach((id, index) => {
    for (const session of records[index]?.record?.sessions ?? []) {
      const address = addressOf(session.node)
      const there = places.get(address)
      if (there) there.add(id)
      else places.set(address, new Set([id]))
    }
  })
  return places
}

/** Anybody, or more than it is worth to ask where they are: each node looks for those who watch there. */
function tellEverywhere(
  node: NodeState,
  user: User,
  version: number,
  audience: ReadonlySet<string> | null,
  now: number,
  out: NodeAction[],
): void {
  if (isCurrent(node, user, version, now)) {
    tell(node, user, node.config.address, audience, now, out)
    for (const address of otherNodes(node)) tell(node, user, address, null, now, out)
    user.untold = false
  }
  startOver(node, user, now, out)
}

function isCurrent(node: NodeState, user: User, version: number, now: number): boolean {
  return user.known?.version === version && !isFenced(node, now)
}

function tell(
  node: NodeState,
  { id, known }: User,
  address: string,
  recipients: ReadonlySet<string> | null,
  now: number,
  out: NodeAction[],
): void {
  if (!known) return
  if (address === node.config.address) return tellWatchers(node, id, known, recipients, now, out)
  const { epoch, version, record } = known
  post(node, address, ['tell', id, epoch, version, record, recipients && [...recipients]], out)
}

/** Ends this round; what has changed meanwhile begins the next. */
function startOver(node: NodeState, user: User, now: number, out: NodeAction[]): void {
  user.fanout = 'none'
  pursueFanout(node, user, now, out)
}

function tryLater(node: NodeState, user: User, now: number): void {
  user.fanout = 'failed'
  user.retryAt = Math.min(user.retryAt ?? Infinity, now + RETRY_MS)
  scheduleUser(node, user)
}
