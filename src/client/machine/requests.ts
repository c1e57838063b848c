/**
 * What waits to be asked, and what is being asked. At most a few requests are unanswered at a time, which keeps a
 * client under the server's rate limit by itself. What waits goes in this order: the session's activity (the server
 * takes nothing before it), the user's choice, fetches, watches. What comes of a request is in answers.ts.
 */
import type { ClientMessage } from '../../core/messages.ts'
import type { SessionActivity } from '../../core/model.ts'
import {
  type FetchCall,
  mergeChoices,
  messageOf,
  type PendingChoice,
  type Request,
  unwatchMessage,
  type Waiter,
} from './request.ts'
import type { Turn } from './turn.ts'
import { chunksOf, createWatchList, takeBatch, type WatchList, watchListDueAt } from './watch-list.ts'

/** Everything that is to be asked or is being asked. Changed in place. */
export interface Requests {
  readonly watches: WatchList
  readonly fetches: Set<FetchCall>
  readonly unanswered: Map<number, { readonly request: Request; readonly dueAt: number }>
  /** Hello is out. */
  open: boolean
  ref: number
  activity: SessionActivity
  toldActivity: SessionActivity | null
  choice: PendingChoice | null
  /** Nothing is asked before this. */
  pausedUntil: number
  /** Watches in a row that the server could not answer. */
  failures: number
}

/** A message that goes out now. */
export interface SendAction {
  readonly type: 'send'
  readonly message: ClientMessage
}

/** An answer takes no longer than this. */
export const REQUEST_TIMEOUT_MS = 10_000
/** Four in flight keep a link busy and stay far below the server's burst of forty frames. */
const MAX_UNANSWERED = 4

/** Nothing is asked. */
export function createRequests(subscribeBatchMs: number): Requests {
  return {
    watches: createWatchList(subscribeBatchMs),
    fetches: new Set(),
    unanswered: new Map(),
    open: false,
    ref: 0,
    activity: 'online',
    toldActivity: null,
    choice: null,
    pausedUntil: -Infinity,
    failures: 0,
  }
}

/** The user chooses; what they chose before, and was not told yet, is told no more. */
export function addChoice(requests: Requests, choice: PendingChoice): void {
  requests.choice = mergeChoices(requests.choice, choice)
}

/** Somebody asks once. */
export function addFetch({ fetches }: Requests, ids: ReadonlySet<string>, waiter: Waiter, now: number): void {
  const waiting = chunksOf(ids)
  fetches.add({ waiter, dueAt: now + REQUEST_TIMEOUT_MS, waiting, missing: waiting.length })
}

/** Sends what may be sent now. */
export function pump(requests: Requests, turn: Turn<SendAction>): void {
  const { now, out } = turn
  if (!requests.open || now < requests.pausedUntil) return
  while (requests.unanswered.size < MAX_UNANSWERED) {
    const request = nextRequest(requests, turn)
    if (!request) return
    const ref = ++requests.ref
    awaitAnswer(requests, ref, request, now)
    out.push({ type: 'send', message: messageOf(request, ref, now) })
  }
}

/** From now on an answer has its time to come. */
export function awaitAnswer({ unanswered }: Requests, ref: number, request: Request, now: number): void {
  unanswered.set(ref, { request, dueAt: now + REQUEST_TIMEOUT_MS })
}

/** When there is something to send, or to give up. */
export function requestsDueAt(requests: Requests): number {
  const { open, unanswered, fetches, watches, pausedUntil } = requests
  // Both keep the order of their deadlines, for all have the same time.
  const [fetch] = fetches
  const [oldest] = unanswered.values()
  const deadline = Math.min(fetch?.dueAt ?? Infinity, oldest?.dueAt ?? Infinity)
  if (!open || unanswered.size >= MAX_UNANSWERED) return deadline
  const sendAt = hasMore(requests) ? -Infinity : watchListDueAt(watches)
  return Math.min(deadline, Math.max(sendAt, pausedUntil))
}

function hasMore({ activity, toldActivity, choice, fetches }: Requests): boolean {
  return (
    activity !== toldActivity || choice !== null || [...fetches].some(({ waiting }) => waiting.length > 0)
  )
}

function nextRequest(requests: Requests, turn: Turn<SendAction>): Request | null {
  const { activity, toldActivity, choice, fetches } = requests
  if (activity !== toldActivity) {
    requests.toldActivity = activity
    return { type: 'activity', activity }
  }
  if (choice) {
    requests.choice = null
    return { type: 'choice', choice }
  }
  for (const call of fetches) {
    const users = call.waiting.shift()
    if (users) return { type: 'fetch', call, users }
  }
  return nextWatch(requests, turn)
}

function nextWatch({ watches }: Requests, { now, out }: Turn<SendAction>): Request | null {
  for (let batch = takeBatch(watches, now); batch; batch = takeBatch(watches, now)) {
    const { watch, unwatch } = batch
    if (unwatch.length > 0) out.push({ type: 'send', message: unwatchMessage(unwatch) })
    if (watch.length > 0) return { type: 'watch', keys: watch }
  }
  return null
}
