/** What follows from what: takes each action to the machine that it concerns, or out. */
import type { PresenceError } from '../../core/errors.ts'
import { UNKNOWN_VIEW } from '../../core/model.ts'
import { abandon, noteLost } from './answers.ts'
import type { Action, ClientAction, ClientState, ClientTurn } from './client-state.ts'
import { hear } from './hearing.ts'
import { beginFadingOwn, fadeOwn } from './own-presence.ts'
import { beginFading, beginFadingAll, doubt, learn } from './records.ts'
import { deliverChange, forgetTold, isTold, notePage, noteTold, refuse, usersOf } from './subscriptions.ts'
import type { Sink } from './turn.ts'
import { want } from './watch-list.ts'

/** Passes an action on; what follows goes to the turn, what leaves the machine goes out. */
export function pass(state: ClientState, action: Action, turn: ClientTurn, out: Sink<ClientAction>): void {
  const { requests, subscriptions } = state
  const { now } = turn
  switch (action.type) {
    case 'ready':
      requests.open = true
      return
    case 'welcomed':
      state.serverOffsetMs = action.now - now
      return
    case 'message':
      return hear(state, action.message, turn)
    case 'watch':
      return want(requests.watches, action.key, true, now)
    case 'unwatch':
      want(requests.watches, action.key, false, now)
      return fadeUntold(state, action.users, now)
    case 'told':
      return noteTold(subscriptions, action.keys, turn.out)
    case 'page':
      return notePage(subscriptions, action.users, action.more, turn.out)
    case 'left':
      return forgetUntold(state, action.users, turn)
    case 'spoken':
      return fadeUntold(state, action.users, now)
    case 'doubt':
      return doubtAll(state, action.keys, action.error, turn, out)
    case 'refuse':
      refuse(subscriptions, action.keys, action.error, turn.out)
      return report(action.error, out)
    case 'changed':
      deliverChange(subscriptions, action.presence, turn.out)
      break
    case 'drop':
      lose(state, action.goodbye, turn)
      break
    case 'ended':
      end(state, action.error, action.refused, turn, out)
      break
    default:
  }
  out.push(action)
}

/** There will be no connection: whoever waits for one is told. */
export function giveUp(
  { requests, subscriptions }: ClientState,
  error: PresenceError,
  { out }: ClientTurn,
): void {
  refuse(subscriptions, subscriptions.watchers.keys(), error, out)
  abandon(requests, error, out)
}

function lose(
  { requests, subscriptions, records, own }: ClientState,
  goodbye: boolean,
  { now, out }: ClientTurn,
): void {
  noteLost(requests)
  forgetTold(subscriptions)
  beginFadingAll(records, now)
  beginFadingOwn(own, goodbye, now)
  fadeOwn(own, now, out)
}

/** By our own wish, watches are kept for the next connection, and only questions are given up. */
function end(
  state: ClientState,
  error: PresenceError,
  refused: boolean,
  turn: ClientTurn,
  out: Sink<ClientAction>,
): void {
  if (!refused) return abandon(state.requests, error, turn.out)
  state.refusal = error
  giveUp(state, error, turn)
  out.push({ type: 'error', error, stage: 'connection' })
}

function doubtAll(
  { subscriptions, records }: ClientState,
  keys: readonly string[],
  error: PresenceError,
  turn: ClientTurn,
  out: Sink<ClientAction>,
): void {
  for (const user of keys.flatMap((key) => usersOf(subscriptions, key))) doubt(records, user, turn.out)
  report(error, out)
}

function fadeUntold({ records, subscriptions }: ClientState, users: readonly string[], now: number): void {
  for (const user of users) if (!isTold(subscriptions, user)) beginFading(records, user, now)
}

/** Who is no contact any more may not be seen, if not by id: to us they are as if they did not exist. */
function forgetUntold(
  { records, subscriptions }: ClientState,
  users: readonly string[],
  { out }: ClientTurn,
): void {
  for (const user of users) if (!isTold(subscriptions, user)) learn(records, user, UNKNOWN_VIEW, out)
}

function report(error: PresenceError, out: Sink<ClientAction>): void {
  out.push({ type: 'error', error, stage: 'request' })
}
