/**
 * What comes of a request.
 *
 * answer         | activity       | choice, fetch | watch
 * ---------------|----------------|---------------|----------------------------------------------
 * self, snapshot | –              | settled       | told
 * RATE_LIMITED   | everything waits for the time that the server named; this one is asked again
 * UNAVAILABLE    | asked again    | settled       | doubted; asked again at growing intervals
 * none in time   | likewise
 * any other      | an error       | settled       | refused
 * lost link      | asked again on the next connection
 */
import { backoffDelay } from '../../core/backoff.ts'
import { PresenceError } from '../../core/errors.ts'
import type { ErrorFrame, Self, Snapshot } from '../../core/messages.ts'
import { type FetchCall, mergeChoices, type Request, type Waiter } from './request.ts'
import { awaitAnswer, type Requests } from './requests.ts'
import { ROSTER } from './roster.ts'
import type { Sink, Turn } from './turn.ts'
import { askAgain, unask } from './watch-list.ts'

/** What follows from an answer. */
export type AnswerAction =
  /** `error`: in vain. */
  | { readonly type: 'settle'; readonly waiters: readonly Waiter[]; readonly error: PresenceError | null }
  /** The server keeps us told of these keys. */
  | { readonly type: 'told'; readonly keys: readonly string[] }
  | { readonly type: 'page'; readonly users: readonly string[]; readonly more: boolean }
  | { readonly type: 'doubt' | 'refuse'; readonly keys: readonly string[]; readonly error: PresenceError }
  /** An error that nobody waits for. */
  | { readonly type: 'error'; readonly error: PresenceError; readonly stage: 'request' }

type Out = Sink<AnswerAction>
type AnswerTurn = Turn<AnswerAction>

const RETRY = { minDelayMs: 1_000, maxDelayMs: 30_000 }
/** Where the server asks for patience and names no time. */
const PAUSE_MS = 1_000

/** A request was answered, in part or in full. */
export function noteAnswer(requests: Requests, answer: Self | Snapshot, { now, out }: AnswerTurn): void {
  const { ref } = answer
  const request = takeUnanswered(requests, ref)
  if (ref === undefined || !request) return
  const more = answer.type === 'snapshot' && answer.more === true
  // The next page has its own time.
  if (more) awaitAnswer(requests, ref, request, now)
  if (request.type === 'choice') settle(request.choice.waiters, null, out)
  if (request.type === 'fetch' && !more) noteFetched(requests, request.call, out)
  if (request.type === 'watch' && answer.type === 'snapshot') noteWatched(requests, request.keys, answer, out)
}

/** A request was answered by an error, or the server asks for patience. */
export function noteError(
  requests: Requests,
  { code, ref, retryAfterMs }: ErrorFrame,
  turn: AnswerTurn,
): void {
  const request = takeUnanswered(requests, ref)
  const error = new PresenceError(code, `The server answered ${code}`, { retryAfterMs })
  if (code === 'RATE_LIMITED') {
    requests.pausedUntil = turn.now + (retryAfterMs ?? PAUSE_MS)
    if (request) restore(requests, request)
  } else if (request) {
    fail(requests, request, error, turn)
  } else {
    turn.out.push({ type: 'error', error, stage: 'request' })
  }
}

/** Gives up on what has waited for too long. */
export function expire(requests: Requests, turn: AnswerTurn): void {
  const { fetches, unanswered } = requests
  const error = new PresenceError('TIMEOUT', 'The server did not answer in time')
  for (const call of fetches) {
    if (turn.now >= call.dueAt) endFetch(requests, call, error, turn.out)
  }
  for (const [ref, { request, dueAt }] of unanswered) {
    if (turn.now < dueAt) continue
    unanswered.delete(ref)
    fail(requests, request, error, turn)
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
export function abandon(requests: Requests, error: PresenceError, out: Out): void {
  const { fetches, choice } = requests
  for (const call of fetches) endFetch(requests, call, error, out)
  if (choice) settle(choice.waiters, error, out)
  requests.choice = null
}

function takeUnanswered({ unanswered }: Requests, ref = -1): Request | undefined {
  const entry = unanswered.get(ref)
  unanswered.delete(ref)
  return entry?.request
}

function noteFetched(requests: Requests, call: FetchCall, out: Out): void {
  if (--call.missing === 0) endFetch(requests, call, null, out)
}

function noteWatched(
  requests: Requests,
  keys: readonly string[],
  { users, more = false }: Snapshot,
  out: Out,
): void {
  requests.failures = 0
  const page = users.map(({ user }) => user)
  if (keys[0] === ROSTER) out.push({ type: 'page', users: page, more })
  else if (!more) out.push({ type: 'told', keys })
  else {
    const asked = new Set(keys)
    out.push({ type: 'told', keys: page.filter((user) => asked.has(user)) })
  }
}

function fail(requests: Requests, request: Request, error: PresenceError, turn: AnswerTurn): void {
  const isPassing = error.code === 'UNAVAILABLE' || error.code === 'TIMEOUT'
  switch (request.type) {
    case 'activity':
      if (isPassing) requests.pausedUntil = turn.now + PAUSE_MS
      if (isPassing) restore(requests, request)
      else turn.out.push({ type: 'error', error, stage: 'request' })
      return
    case 'choice':
      return settle(request.choice.waiters, error, turn.out)
    case 'fetch':
      return endFetch(requests, request.call, error, turn.out)
    case 'watch':
      return isPassing
        ? askLater(requests, request.keys, error, turn)
        : refuse(requests, request.keys, error, turn)
  }
}

function askLater(requests: Requests, keys: readonly string[], error: PresenceError, turn: AnswerTurn): void {
  unask(requests.watches, keys, turn.now + backoffDelay(RETRY, requests.failures++, turn.random))
  turn.out.push({ type: 'doubt', keys, error })
}

function refuse(
  { watches }: Requests,
  keys: readonly string[],
  error: PresenceError,
  { out }: AnswerTurn,
): void {
  unask(watches, keys, null)
  out.push({ type: 'refuse', keys, error })
}

/** Once: what comes of it later is too late. */
function endFetch({ fetches }: Requests, call: FetchCall, error: PresenceError | null, out: Out): void {
  if (fetches.delete(call)) settle([call.waiter], error, out)
}

function settle(waiters: readonly Waiter[], error: PresenceError | null, out: Out): void {
  out.push({ type: 'settle', waiters, error })
}

/** To be asked again, as if it had not been. */
function restore(requests: Requests, request: Request): void {
  switch (request.type) {
    case 'activity':
      requests.toldActivity = null
      return
    case 'choice':
      requests.choice = mergeChoices(request.choice, requests.choice)
      return
    case 'fetch':
      request.call.waiting.push(request.users)
      return
    case 'watch':
      unask(requests.watches, request.keys, -Infinity)
  }
}
