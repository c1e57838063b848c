/** The state of a client, what happens to it, and what comes out. The rules are in machine.ts and what it calls. */
import type { PresenceError } from '../../core/errors.ts'
import type { ErrorContext } from '../api.ts'
import type { Settings } from '../options.ts'
import type { PageSignal } from '../page.ts'
import { type Activity, createActivity } from './activity.ts'
import type { AnswerAction } from './answers.ts'
import {
  type Connection,
  type ConnectionAction,
  type ConnectionEvent,
  createConnection,
} from './connection-state.ts'
import { createOwnRecord, type OwnAction, type OwnRecord } from './own-presence.ts'
import { createRecords, type RecordAction, type Records } from './records.ts'
import type { PendingChoice, Waiter } from './request.ts'
import { createRequests, type Requests } from './requests.ts'
import type { Subscription, SubscriptionAction } from './subscription.ts'
import { createSubscriptions, type Subscriptions, type WatchAction } from './subscriptions.ts'
import type { Turn } from './turn.ts'

/** All that a client knows. Changed in place. */
export interface ClientState {
  readonly connection: Connection
  readonly requests: Requests
  readonly records: Records
  readonly subscriptions: Subscriptions
  readonly activity: Activity
  readonly own: OwnRecord
  /** Why there will be no other attempt, though nobody has asked for that; only a call of `connect` goes on from it. */
  refusal: PresenceError | null
  /** Server time less the monotonic clock; `null`: not told yet. */
  serverOffsetMs: number | null
}

/** What happens to a client. */
export type ClientEvent =
  | ConnectionEvent
  | { readonly type: 'add' | 'remove'; readonly subscription: Subscription; readonly keys: readonly string[] }
  | { readonly type: 'greet'; readonly subscription: Subscription }
  | { readonly type: 'fetch'; readonly ids: ReadonlySet<string>; readonly waiter: Waiter }
  | { readonly type: 'choose'; readonly choice: PendingChoice }
  | { readonly type: 'page'; readonly signal: PageSignal }

/** What only the outside can do. */
export type ClientAction =
  | Extract<ConnectionAction, { type: 'attempt' | 'send' | 'renew' | 'drop' | 'connection' | 'ended' }>
  | Extract<AnswerAction, { type: 'settle' }>
  | SubscriptionAction
  | RecordAction
  | OwnAction
  | ({ readonly type: 'error'; readonly error: PresenceError } & ErrorContext)

/** All that a step makes: what comes out, and what passes between the machines. */
export type Action =
  | ClientAction
  | ConnectionAction
  | AnswerAction
  | WatchAction
  /** The server has spoken of these, perhaps for the last time. */
  | { readonly type: 'spoken'; readonly users: readonly string[] }

/** A step of the client. */
export type ClientTurn = Turn<Action>

/** A client that has done nothing yet. */
export function createClientState(settings: Settings): ClientState {
  const records = createRecords(settings)
  return {
    connection: createConnection(settings),
    requests: createRequests(settings.subscribeBatchMs),
    records,
    subscriptions: createSubscriptions(records, settings.unsubscribeDelayMs),
    activity: createActivity(settings.activity),
    own: createOwnRecord(settings.unknownAfterMs),
    refusal: null,
    serverOffsetMs: null,
  }
}
