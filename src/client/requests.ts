/**
 * What goes to the server, and what comes of it. At most a few frames are unanswered at a time, which keeps a client
 * under the server's rate limit by itself; what is still to be asked waits here, in this order: the session's
 * activity (the server takes nothing before it), the user's choice, fetches, watches.
 *
 * answer        | activity       | choice, fetch | watch
 * --------------|----------------|---------------|------------------------------------------------
 * self,snapshot | –              | settled       | told
 * RATE_LIMITED  | all wait for the time that the server named; this one is asked again
 * UNAVAILABLE   | asked again    | settled       | doubted; asked again later, at growing intervals
 * none in time  | likewise
 * any other     | –              | settled       | refused
 * lost link     | asked again on the next connection
 */
import { backoffDelay } from '../core/backoff.ts'
import { PresenceError } from '../core/errors.ts'
import type { ClientMessage, ErrorFrame, Self, Snapshot } from '../core/messages.ts'
import type { SessionActivity, StatusChoice } from '../core/model.ts'
import { ROSTER } from './subscriptions.ts'
import {
  askAgain,
  chunksOf,
  createWatchList,
  takeBatch,
  unask,
  type WatchList,
  watchListDueAt,
} from './watch-list.ts'
import type { Sink } from './sink.ts'

/** Somebody who waits for an answer. */
export interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: PresenceError) => void
}

/** A choice that the server has not taken yet. */
export interface PendingChoice {
  readonly status: StatusChoice
  readonly text: string | null | undefined
  /** `null`: it holds until changed. */
  readonly expiresAt: number | null
  readonly waiters: readonly Waiter[]
}

/** A fetch that has not been answered in full. Changed in place. */
export interface FetchCall {
  readonly waiter: Waiter
  readonly dueAt: number
  /** Parts that are still to be asked. */
  readonly waiting: string[][]
  /** Parts without an answer, those that wait included. */
  missing: number
}

type Request =
  | { readonly type: 'activity'; readonly activity: SessionActivity }
  | { readonly type: 'choice'; readonly choice: PendingChoice }
  | { readonly type: 'fetch'; readonly call: FetchCall; readonly users: string[] }
  | { readonly type: 'watch'; readonly keys: readonly string[] }

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

/** What follows from a request. */
export type RequestAction =
  | SendAction
  /** `error`: in vain. */
  | { readonly type: 'settle'; readonly waiters: readonly Waiter[]; readonly error: PresenceError | null }
  /** The server keeps us told of these keys. */
  | { readonly type: 'told'; readonly keys: readonly string[] }
  | { readonly type: 'page'; readonly users: readonly string[]; readonly more: boolean }
  | { readonly type: 'doubt' | 'refuse'; readonly keys: readonly string[]; readonly error: PresenceError }
  /** An error that nobody waits for. */
  | { readonly type: 'error'; readonly error: PresenceError; readonly stage: 'request' }

/** An answer takes no longer than this. */
const REQUEST_TIMEOUT_MS = 10_000
/** Four frames in flight keep a link busy and stay far below the server's burst of forty. */
const MAX_UNANSWERED = 4
const RETRY = { minDelayMs: 1_000, maxDelayMs: 30_000 }
/** Where the server asks for patience and names no time. */
const PAUSE_MS = 1_000

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

/** The user chooses. Of two choices that wait the newer holds, with the words of the older where it has none. */
export function addChoice(requests: Requests, choice: PendingChoice): void {
  requests.choice = requests.choice ? mergeChoices(requests.choice, choice) : choice
}

/** Somebody asks once. */
export function addFetch(requests: Requests, ids: ReadonlySet<string>, waiter: Waiter, now: number): void {
  const waiting = chunksOf(ids)
  requests.fetches.add({ waiter, dueAt: now + REQUEST_TIMEOUT_MS, waiting, missing: waiting.length })
}

/** Sends what may be sent now. */
export function pump(requests: Requests, now: number, out: Sink<SendAction>): void {
  if (!requests.open || now < requests.pausedUntil) return
  while (requests.unanswered.size < MAX_UNANSWERED) {
    const request = nextRequest(requests, now, out)
    if (!request) return
    const ref = ++requests.ref
    requests.unanswered.set(ref, { request, dueAt: now + REQUEST_TIMEOUT_MS })
    out.push({ type: 'send', message: messageOf(request, ref, now) })
  }
}

/** A request was answered, in part or in full. */
export function noteAnswer(
  requests: Requests,
  answer: Self | Snapshot,
  now: number,
  out: Sink<RequestAction>,
): void {
  const { ref = -1 } = answer
  const { request } = requests.unanswered.get(ref) ?? {}
  if (!request) return
  requests.unanswered.delete(ref)
  const more = answer.type === 'snapshot' && answer.more === true
  // A new turn in line, too: the next page has its own time.
  if (more) requests.unanswered.set(ref, { request, dueAt: now + REQUEST_TIMEOUT_MS })
  if (request.type === 'choice') out.push({ type: 'settle', waiters: request.choice.waiters, error: null })
  if (request.type === 'fetch' && !more) noteFetched(requests, request.call, out)
  if (request.type === 'watch') noteWatched(requests, request.keys, answer, more, out)
}

/** A request was answered by an error, or the server asks for patience. */
export function noteError(
  requests: Requests,
  frame: ErrorFrame,
  now: number,
  random: number,
  out: Sink<RequestAction>,
): void {
  const { code, ref = -1, retryAfterMs } = frame
  const { request } = requests.unanswered.get(ref) ?? {}
  requests.unanswered.delete(ref)
  if (code === 'RATE_LIMITED') {
    requests.pausedUntil = now + (retryAfterMs ?? PAUSE_MS)
    if (request) restore(requests, request)
    return
  }
  const error = new PresenceError(code, `The server answered ${code}`, { retryAfterMs })
  if (request) fail(requests, request, error, now, random, out)
  else out.push({ type: 'error', error, stage: 'request' })
}

/** Gives up on what has waited for too long. */
export function expire(requests: Requests, now: number, random: number, out: Sink<RequestAction>): void {
  const error = new PresenceError('TIMEOUT', 'The server did not answer in time')
  for (const call of requests.fetches) {
    if (now >= call.dueAt) failFetch(requests, call, error, out)
  }
  for (const [ref, { request, dueAt }] of requests.unanswered) {
    if (now < dueAt) continue
    requests.unanswered.delete(ref)
    fail(requests, request, error, now, random, out)
  }
}

/** The connection is gone: whatever it did not answer is asked on the next one. */
export function noteLost(requests: Requests): void {
  for (const { request } of requests.unanswered.values()) restore(requests, request)
  requests.unanswered.clear()
  askAgain(requests.watches)
  requests.open = false
  requests.toldActivity = null
  requests.pausedUntil = -Infinity
  requests.failures = 0
}

/** There will be no connection: everybody who waits is told. */
export function abandon(requests: Requests, error: PresenceError, out: Sink<RequestAction>): void {
  for (const call of requests.fetches) failFetch(requests, call, error, out)
  out.push({ type: 'settle', waiters: requests.choice?.waiters ?? [], error })
  requests.choice = null
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
  if (activity !== toldActivity || choice) return true
  for (const { waiting } of fetches) if (waiting.length > 0) return true
  return false
}

function nextRequest(requests: Requests, now: number, out: Sink<SendAction>): Request | null {
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
  return nextWatch(requests, now, out)
}

/** An end of a watch has no answer, so it waits for none. */
function nextWatch({ watches }: Requests, now: number, out: Sink<SendAction>): Request | null {
  for (let batch = takeBatch(watches, now); batch; batch = takeBatch(watches, now)) {
    const { watch, unwatch } = batch
    if (unwatch.length > 0) out.push({ type: 'send', message: unwatchMessage(unwatch) })
    if (watch.length > 0) return { type: 'watch', keys: watch }
  }
  return null
}

function messageOf(request: Request, ref: number, now: number): ClientMessage {
  switch (request.type) {
    case 'activity':
      return { type: 'PRESENCE_UPDATE', status: request.activity, ref }
    case 'choice':
      return choiceMessage(request.choice, ref, now)
    case 'fetch':
      return { type: 'fetch', users: request.users, ref }
    case 'watch':
      return request.keys[0] === ROSTER
        ? { type: 'roster', watch: true, ref }
        : { type: 'subscribe', users: request.keys, ref }
  }
}

function choiceMessage({ status, text, expiresAt }: PendingChoice, ref: number, now: number): ClientMessage {
  const words = text === undefined ? {} : { text }
  const end = expiresAt === null ? {} : { expiresInMs: Math.max(0, Math.round(expiresAt - now)) }
  return { type: 'PRESENCE_UPDATE', status, chosen: true, ...words, ...end, ref }
}

function unwatchMessage(keys: readonly string[]): ClientMessage {
  return keys[0] === ROSTER ? { type: 'roster', watch: false } : { type: 'unsubscribe', users: keys }
}

function noteFetched({ fetches }: Requests, call: FetchCall, out: Sink<RequestAction>): void {
  if (--call.missing > 0 || !fetches.delete(call)) return
  out.push({ type: 'settle', waiters: [call.waiter], error: null })
}

function noteWatched(
  requests: Requests,
  keys: readonly string[],
  answer: Self | Snapshot,
  more: boolean,
  out: Sink<RequestAction>,
): void {
  requests.failures = 0
  if (answer.type !== 'snapshot') return
  if (keys[0] === ROSTER) out.push({ type: 'page', users: answer.users.map(({ user }) => user), more })
  else if (!more) out.push({ type: 'told', keys })
}

function fail(
  requests: Requests,
  request: Request,
  error: PresenceError,
  now: number,
  random: number,
  out: Sink<RequestAction>,
): void {
  const { code } = error
  const passing = code === 'UNAVAILABLE' || code === 'TIMEOUT'
  switch (request.type) {
    case 'activity':
      if (!passing) {
        out.push({ type: 'error', error, stage: 'request' })
        return
      }
      requests.pausedUntil = now + PAUSE_MS
      return restore(requests, request)
    case 'choice':
      out.push({ type: 'settle', waiters: request.choice.waiters, error })
      return
    case 'fetch':
      return failFetch(requests, request.call, error, out)
    case 'watch': {
      const retryAt = passing ? now + backoffDelay(RETRY, requests.failures++, random) : null
      unask(requests.watches, request.keys, retryAt)
      out.push({ type: passing ? 'doubt' : 'refuse', keys: request.keys, error })
    }
  }
}

function failFetch(
  { fetches }: Requests,
  call: FetchCall,
  error: PresenceError,
  out: Sink<RequestAction>,
): void {
  call.waiting.length = 0
  if (fetches.delete(call)) out.push({ type: 'settle', waiters: [call.waiter], error })
}

/** To be asked again, as if it had not been. */
function restore(requests: Requests, request: Request): void {
  switch (request.type) {
    case 'activity':
      requests.toldActivity = null
      return
    case 'choice':
      requests.choice = requests.choice ? mergeChoices(request.choice, requests.choice) : request.choice
      return
    case 'fetch':
      if (requests.fetches.has(request.call)) request.call.waiting.push(request.users)
      return
    case 'watch':
      unask(requests.watches, request.keys, -Infinity)
  }
}

function mergeChoices(older: PendingChoice, newer: PendingChoice): PendingChoice {
  const text = newer.text === undefined ? older.text : newer.text
  return { ...newer, text, waiters: [...older.waiters, ...newer.waiters] }
}
