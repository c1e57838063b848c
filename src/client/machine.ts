/**
 * The machines of a client as one: an event goes in, what follows passes from machine to machine, and what only the
 * outside can do comes out as actions. No socket, timer, promise or chance in here.
 *
 * socket → connection → requests, records → subscriptions → listeners
 * caller → subscriptions → requests → connection → socket
 */
import { decodePresence } from '../core/codec.ts'
import type { PresenceError } from '../core/errors.ts'
import type { Self, WirePresence } from '../core/messages.ts'
import { type OwnPresence, UNKNOWN_VIEW } from '../core/model.ts'
import { type Activity, activityAt, activityDueAt, createActivity, noteVisibility } from './activity.ts'
import type { ErrorContext } from './api.ts'
import {
  type Connection,
  type ConnectionAction,
  connectionDueAt,
  type ConnectionEvent,
  createConnection,
  type PresenceMessage,
  stepConnection,
} from './connection.ts'
import type { Settings } from './options.ts'
import { UNKNOWN_SELF } from './own-presence.ts'
import type { PageSignal } from './page.ts'
import {
  beginFading,
  beginFadingAll,
  createRecords,
  doubt,
  fade,
  learn,
  type RecordAction,
  type Records,
} from './records.ts'
import {
  abandon,
  addChoice,
  addFetch,
  createRequests,
  expire,
  noteAnswer,
  noteError,
  noteLost,
  type PendingChoice,
  pump,
  type RequestAction,
  type Requests,
  requestsDueAt,
  type Waiter,
} from './requests.ts'
import type { Sink } from './sink.ts'
import {
  addKeys,
  createSubscriptions,
  deliverChange,
  forgetTold,
  greet,
  isTold,
  notePage as noteRosterPage,
  noteSpokenOf,
  noteTold,
  refuse,
  release,
  releaseDueAt,
  removeKeys,
  ROSTER,
  type Subscription,
  type SubscriptionAction,
  type Subscriptions,
} from './subscriptions.ts'
import { want } from './watch-list.ts'

/** All that a client knows. Changed in place. */
export interface Machine {
  readonly connection: Connection
  readonly requests: Requests
  readonly records: Records
  readonly subscriptions: Subscriptions
  readonly activity: Activity
  /** Why the server, or the lack of another attempt, closed; only a call of `connect` goes on from there. */
  refusal: PresenceError | null
  self: OwnPresence
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
  | Extract<RequestAction, { type: 'settle' }>
  | Extract<SubscriptionAction, { type: 'greet' | 'notify' | 'complete' | 'incomplete' }>
  | RecordAction
  | { readonly type: 'self'; readonly self: OwnPresence }
  | ({ readonly type: 'error'; readonly error: PresenceError } & ErrorContext)

/** All that a step makes: what passes between the machines, and what comes out. */
type Action =
  | ConnectionAction
  | RequestAction
  | SubscriptionAction
  | ClientAction
  /** The server has spoken of these, perhaps for the last time. */
  | { readonly type: 'spoken'; readonly users: readonly string[] }

interface Turn {
  readonly now: number
  readonly random: number
  readonly actions: Action[]
}

/** A client that has done nothing yet. */
export function createMachine(settings: Settings): Machine {
  const records = createRecords(settings)
  return {
    connection: createConnection(settings),
    requests: createRequests(settings.subscribeBatchMs),
    records,
    subscriptions: createSubscriptions(records, settings.unsubscribeDelayMs),
    activity: createActivity(settings.activity),
    refusal: null,
    self: UNKNOWN_SELF,
    serverOffsetMs: null,
  }
}

/** When the machine wants a `due`. */
export function machineDueAt(
  { connection, requests, records, subscriptions, activity }: Machine,
  now: number,
): number {
  return Math.min(
    connectionDueAt(connection),
    requestsDueAt(requests),
    records.fadeAt,
    releaseDueAt(subscriptions),
    requests.open ? activityDueAt(activity, now) : Infinity,
  )
}

/**
 * Takes an event.
 *
 * @param random - uniform in [0, 1)
 */
export function stepMachine(
  machine: Machine,
  event: ClientEvent,
  now: number,
  random: number,
  out: ClientAction[],
): void {
  const actions: Action[] = []
  const turn = { now, random, actions }
  take(machine, event, turn)
  // What follows from an action stands behind it, so this ends when nothing follows any more.
  for (const action of actions) pass(machine, action, turn, out)
  machine.requests.activity = activityAt(machine.activity, now)
  pump(machine.requests, now, out)
}

function take(machine: Machine, event: ClientEvent, turn: Turn): void {
  const { requests, subscriptions } = machine
  const { now, random, actions } = turn
  switch (event.type) {
    case 'add':
      addKeys(subscriptions, event.subscription, event.keys, actions)
      return connectFor(machine, turn)
    case 'remove':
      return removeKeys(subscriptions, event.subscription, event.keys, now, actions)
    case 'greet':
      return greet(subscriptions, event.subscription, actions)
    case 'fetch':
      addFetch(requests, event.ids, event.waiter, now)
      return connectFor(machine, turn)
    case 'choose':
      addChoice(requests, event.choice)
      return connectFor(machine, turn)
    case 'page':
      return notePage(machine, event.signal, turn)
    case 'connect':
      machine.refusal = null
      return stepConnection(machine.connection, event, now, random, actions)
    case 'due':
      expire(requests, now, random, actions)
      fade(machine.records, now, actions)
      release(subscriptions, now, actions)
      return stepConnection(machine.connection, event, now, random, actions)
    default:
      return stepConnection(machine.connection, event, now, random, actions)
  }
}

/** Whatever needs the server connects by itself; but whom the server refused does not come back by itself. */
function connectFor(machine: Machine, { now, random, actions }: Turn): void {
  const { connection, refusal } = machine
  if (refusal) giveUp(machine, refusal, actions)
  else stepConnection(connection, { type: 'connect' }, now, random, actions)
}

function giveUp({ requests, subscriptions }: Machine, error: PresenceError, actions: Sink<Action>): void {
  refuse(subscriptions, subscriptions.watchers.keys(), error, actions)
  abandon(requests, error, actions)
}

function notePage(
  { activity, connection }: Machine,
  signal: PageSignal,
  { now, random, actions }: Turn,
): void {
  switch (signal) {
    case 'input':
      activity.lastInputAt = now
      return
    case 'visible':
    case 'hidden':
      return noteVisibility(activity, signal === 'visible', now)
    case 'reachable':
    case 'unreachable':
      return stepConnection(connection, { type: signal }, now, random, actions)
    case 'leaving':
  }
}

/** Takes an action to the machine that it concerns, or out. */
function pass(machine: Machine, action: Action, turn: Turn, out: Sink<ClientAction>): void {
  const { requests, records, subscriptions } = machine
  const { now, actions } = turn
  switch (action.type) {
    case 'ready':
      requests.open = true
      return
    case 'welcomed':
      machine.serverOffsetMs = action.now - now
      return
    case 'message':
      return hear(machine, action.message, turn)
    case 'drop':
      noteLost(requests)
      forgetTold(subscriptions)
      beginFadingAll(records, now)
      out.push(action)
      return
    case 'ended':
      return noteEnded(machine, action, actions, out)
    case 'watch':
      return want(requests.watches, action.key, true, now)
    case 'unwatch':
      want(requests.watches, action.key, false, now)
      return fadeUntold(machine, action.users, now)
    case 'told':
      return noteTold(subscriptions, action.keys, actions)
    case 'page':
      return noteRosterPage(subscriptions, action.users, action.more, actions)
    case 'left':
      return learnAll(
        machine,
        action.users.filter((user) => !isTold(subscriptions, user)).map(unseen),
        actions,
      )
    case 'spoken':
      return fadeUntold(machine, action.users, now)
    case 'doubt':
      for (const user of usersOf(subscriptions, action.keys)) doubt(records, user, actions)
      out.push({ type: 'error', error: action.error, stage: 'request' })
      return
    case 'refuse':
      refuse(subscriptions, action.keys, action.error, actions)
      out.push({ type: 'error', error: action.error, stage: 'request' })
      return
    case 'changed':
      deliverChange(subscriptions, action.presence, actions)
      out.push(action)
      return
    default:
      out.push(action)
  }
}

function hear(machine: Machine, message: PresenceMessage, turn: Turn): void {
  const { requests, subscriptions } = machine
  const { now, random, actions } = turn
  switch (message.type) {
    case 'heartbeat':
      machine.serverOffsetMs = message.now - now
      return
    case 'snapshot':
      noteAnswer(requests, message, now, actions)
      return learnAll(machine, message.users, actions)
    case 'PRESENCE_UPDATE':
      noteSpokenOf(
        subscriptions,
        message.users.map(({ user }) => user),
      )
      return learnAll(machine, message.users, actions)
    case 'self':
      noteAnswer(requests, message, now, actions)
      return noteSelf(machine, message, actions)
    case 'error':
      return noteError(requests, message, now, random, actions)
  }
}

function learnAll({ records }: Machine, users: readonly WirePresence[], actions: Sink<Action>): void {
  for (const wire of users) learn(records, wire.user, decodePresence(wire), actions)
  actions.push({ type: 'spoken', users: users.map(({ user }) => user) })
}

function noteSelf(
  machine: Machine,
  { status, chosen, text, expiresInMs }: Self,
  actions: Sink<Action>,
): void {
  machine.self = Object.freeze({ status, chosen, statusText: text ?? null, expiresInMs: expiresInMs ?? null })
  actions.push({ type: 'self', self: machine.self })
}

function noteEnded(
  machine: Machine,
  ended: Extract<ConnectionAction, { type: 'ended' }>,
  actions: Sink<Action>,
  out: Sink<ClientAction>,
): void {
  const { error, refused } = ended
  if (refused) {
    machine.refusal = error
    giveUp(machine, error, actions)
    out.push({ type: 'error', error, stage: 'connection' })
  } else {
    abandon(machine.requests, error, actions)
  }
  out.push(ended)
}

function fadeUntold({ records, subscriptions }: Machine, users: readonly string[], now: number): void {
  for (const user of users) if (!isTold(subscriptions, user)) beginFading(records, user, now)
}

function usersOf({ members }: Subscriptions, keys: readonly string[]): string[] {
  return keys.flatMap((key) => (key === ROSTER ? [...members] : [key]))
}

/** Whoever is no contact any more, and not watched by id, is told of no more. */
function unseen(user: string): WirePresence {
  return { user, status: UNKNOWN_VIEW.status }
}
