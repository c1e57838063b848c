/**
 * The machines of a client as one: an event goes in, what follows passes from machine to machine, and what only the
 * outside can do comes out as actions. No socket, timer, promise or chance in here.
 *
 * socket → connection → hearing → records → subscriptions → listeners
 * caller → subscriptions → requests → connection → socket
 */
import type { PageSignal } from '../page.ts'
import { activityAt, activityDueAt, noteVisibility } from './activity.ts'
import { expire } from './answers.ts'
import type { Action, ClientAction, ClientEvent, ClientState, ClientTurn } from './client-state.ts'
import { connectionDueAt, isWanted, stepConnection } from './connection.ts'
import { fadeOwn } from './own-presence.ts'
import { giveUp, pass } from './passing.ts'
import { fade } from './records.ts'
import { addChoice, addFetch, pump, requestsDueAt } from './requests.ts'
import { addKeys, greet, release, releaseDueAt, removeKeys } from './subscriptions.ts'
import type { Turn } from './turn.ts'

/** When the machine wants a `due`. */
export function machineDueAt(state: ClientState, now: number): number {
  const { connection, requests, records, subscriptions, activity, own } = state
  return Math.min(
    connectionDueAt(connection),
    requestsDueAt(requests),
    records.fadeAt,
    own.fadesAt,
    releaseDueAt(subscriptions),
    requests.open ? activityDueAt(activity, now) : Infinity,
  )
}

/** Takes an event. */
export function stepMachine(
  state: ClientState,
  event: ClientEvent,
  { now, random, out }: Turn<ClientAction>,
): void {
  const { requests, activity } = state
  const actions: Action[] = []
  const turn = { now, random, out: actions }
  take(state, event, turn)
  // What follows from an action stands behind it, so this ends when nothing follows any more.
  for (const action of actions) pass(state, action, turn, out)
  requests.activity = activityAt(activity, now)
  pump(requests, { now, random, out })
}

function take(state: ClientState, event: ClientEvent, turn: ClientTurn): void {
  const { connection, requests, subscriptions } = state
  switch (event.type) {
    case 'add':
      addKeys(subscriptions, event.subscription, event.keys, turn.out)
      return need(state, turn)
    case 'remove':
      return removeKeys(subscriptions, event.subscription, event.keys, turn)
    case 'greet':
      return greet(subscriptions, event.subscription, turn.out)
    case 'fetch':
      addFetch(requests, event.ids, event.waiter, turn.now)
      return need(state, turn)
    case 'choose':
      addChoice(requests, event.choice)
      return need(state, turn)
    case 'page':
      return notePage(state, event.signal, turn)
    case 'due':
      return wake(state, turn)
    case 'connect':
      state.refusal = null
      return stepConnection(connection, event, turn)
    default:
      return stepConnection(connection, event, turn)
  }
}

/** Whatever needs the server connects by itself; but whom the server refused does not come back by itself. */
function need(state: ClientState, turn: ClientTurn): void {
  const { connection, refusal } = state
  if (refusal) giveUp(state, refusal, turn)
  else if (!isWanted(connection)) stepConnection(connection, { type: 'connect' }, turn)
}

function notePage({ activity, connection }: ClientState, signal: PageSignal, turn: ClientTurn): void {
  switch (signal) {
    case 'input':
      activity.lastInputAt = turn.now
      return
    case 'visible':
    case 'hidden':
      return noteVisibility(activity, signal === 'visible', turn.now)
    case 'reachable':
    case 'unreachable':
      return stepConnection(connection, { type: signal }, turn)
    case 'leaving':
  }
}

function wake({ connection, requests, records, subscriptions, own }: ClientState, turn: ClientTurn): void {
  expire(requests, turn)
  fade(records, turn.now, turn.out)
  fadeOwn(own, turn.now, turn.out)
  release(subscriptions, turn)
  stepConnection(connection, { type: 'due' }, turn)
}
