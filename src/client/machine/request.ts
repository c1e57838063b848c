/** One thing that is asked of the server, and how it stands in a frame. */
import type { PresenceError } from '../../core/errors.ts'
import type { ClientMessage } from '../../core/messages.ts'
import type { SessionActivity, StatusChoice } from '../../core/model.ts'
import { ROSTER } from './roster.ts'

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
  /** Parts that are still to be asked; each fits a frame. */
  readonly waiting: (readonly string[])[]
  /** Parts without an answer, those that wait included. */
  missing: number
}

/** What the server is asked, and will answer. */
export type Request =
  | { readonly type: 'activity'; readonly activity: SessionActivity }
  | { readonly type: 'choice'; readonly choice: PendingChoice }
  | { readonly type: 'fetch'; readonly call: FetchCall; readonly users: readonly string[] }
  | { readonly type: 'watch'; readonly keys: readonly string[] }

/** A request as a message. */
export function messageOf(request: Request, ref: number, now: number): ClientMessage {
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

/** The end of a watch, which has no answer. */
export function unwatchMessage(keys: readonly string[]): ClientMessage {
  return keys[0] === ROSTER ? { type: 'roster', watch: false } : { type: 'unsubscribe', users: keys }
}

/** Of two choices the newer holds, with the words of the older where it has none of its own. */
export function mergeChoices(older: PendingChoice | null, newer: PendingChoice | null): PendingChoice | null {
  if (!older || !newer) return newer ?? older
  const text = newer.text === undefined ? older.text : newer.text
  return { ...newer, text, waiters: [...older.waiters, ...newer.waiters] }
}

function choiceMessage({ status, text, expiresAt }: PendingChoice, ref: number, now: number): ClientMessage {
  const words = text === undefined ? {} : { text }
  const end = expiresAt === null ? {} : { expiresInMs: Math.max(0, Math.round(expiresAt - now)) }
  return { type: 'PRESENCE_UPDATE', status, chosen: true, ...words, ...end, ref }
}
