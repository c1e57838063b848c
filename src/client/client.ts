/** The client as an application sees it: calls become events of the machine, its actions promises and listeners. */
import { configError, PresenceError } from '../core/errors.ts'
import type { ConnectionChange, PresenceClient } from './api.ts'
import { checkChoice } from '../core/choice.ts'
import { DEFAULT_LIMITS } from '../core/limits.ts'
import { checkIds } from './checks.ts'
import { type CallerAction, createHost } from './host.ts'
import { createListeners } from './listeners.ts'
import { createLog } from './log.ts'
import { forgetAll, presenceOf, type RecordAction } from './machine/records.ts'
import type { Waiter } from './machine/request.ts'
import { ROSTER } from './machine/roster.ts'
import type { SubscriptionAction } from './machine/subscription.ts'
import { type PresenceClientOptions, resolveOptions } from './options.ts'
import { createWatching } from './watching.ts'

const IDLE: ConnectionChange = Object.freeze({ current: 'idle', previous: 'idle', attempt: 0 })

/**
 * Makes a client. Nothing happens before it is asked for something.
 *
 * @throws `PresenceError` `CONFIG` for options that cannot work
 */
export function createPresenceClient(options: PresenceClientOptions): PresenceClient {
  const settings = resolveOptions(options)
  const { clock } = settings
  const log = createLog(settings.logger)
  const listeners = createListeners(log)
  const connecting = new Set<Waiter>()
  let connection = IDLE
  let destroyed = false

  const perform = (action: CallerAction): void => {
    switch (action.type) {
      case 'connection':
        return noteConnection(action.change)
      case 'ended':
        return settleAll(connecting, action.error)
      case 'settle':
        return settleAll(action.waiters, action.error)
      case 'greet':
        return queueMicrotask(() => host.dispatch(action))
      case 'notify':
        return notify(action)
      case 'complete':
        return watching.complete(action.subscription, action.presences)
      case 'incomplete':
        return watching.disappoint(action.subscription, action.error)
      case 'changed':
        return noteChange(action)
      case 'self':
        return listeners.emit('self', action.self)
      case 'error':
        return listeners.fault(action.error, action.stage)
    }
  }
  const noteConnection = (change: ConnectionChange): void => {
    connection = change
    log('debug', `connection: ${change.current}`, change)
    listeners.emit('connection', change)
    if (change.current === 'connected') settleAll(connecting, null)
  }
  const noteChange = ({ presence, previous, transition }: RecordAction): void => {
    listeners.emit('presence', presence, previous)
    if (transition) listeners.emit(transition, presence, previous)
  }
  const notify = ({
    subscription,
    presence,
    previous,
  }: Extract<SubscriptionAction, { type: 'notify' }>): void => {
    const { active, listener } = subscription
    if (active && listener && !destroyed) listeners.call(listener, presence, previous)
  }
  const whenSettled = (ask: (waiter: Waiter) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      if (destroyed) reject(new PresenceError('CLOSED', 'The client was destroyed'))
      else ask({ resolve, reject })
    })

  const host = createHost(settings, { perform, fault: listeners.fault })
  const { state, dispatch } = host
  const watching = createWatching(dispatch)

  return {
    get state() {
      return state.connection.state
    },
    get connection() {
      return connection
    },
    get self() {
      return state.own.shown
    },
    async connect() {
      if (state.connection.state === 'connected') return
      await whenSettled((waiter) => {
        connecting.add(waiter)
        dispatch({ type: 'connect' })
      })
    },
    async disconnect() {
      dispatch({ type: 'disconnect' })
      // Where a listener called, the goodbye is said when that one has returned.
      await Promise.resolve()
      await host.departure()
    },
    destroy() {
      if (destroyed) return
      host.destroy()
      destroyed = true
      watching.end()
      forgetAll(state.records)
      listeners.clear()
    },
    subscribe: (userIds, listener) => watching.watch(checkIds(userIds), listener),
    subscribeContacts(listener) {
      const { ready, unsubscribe } = watching.watch([ROSTER], listener)
      return Object.assign(() => unsubscribe(), { ready, unsubscribe })
    },
    get(userId) {
      checkIds(userId)
      return presenceOf(state.records, userId)
    },
    async fetch(userIds) {
      const asked = checkIds(userIds)
      const ids = new Set(asked)
      if (ids.size > 0) await whenSettled((waiter) => dispatch({ type: 'fetch', ids, waiter }))
      return asked.map((id) => presenceOf(state.records, id))
    },
    async setStatus(status, choice = {}) {
      const { text, expiresInMs } = choice
      checkChoice(status, text, expiresInMs, DEFAULT_LIMITS.statusTextLength)
      const expiresAt = expiresInMs === undefined ? null : clock.now() + expiresInMs
      await whenSettled((waiter) =>
        dispatch({ type: 'choose', choice: { status, text, expiresAt, waiters: [waiter] } }),
      )
    },
    on: listeners.on,
    useSocket(next) {
      if (!settings.socket) throw configError('socket', 'given to createPresenceClient', undefined)
      host.share(next)
    },
    serverTime() {
      const { serverOffsetMs } = state
      return serverOffsetMs === null ? clock.time() : Math.round(clock.now() + serverOffsetMs)
    },
  }
}

function settleAll(waiters: Iterable<Waiter>, error: PresenceError | null): void {
  for (const { resolve, reject } of waiters) {
    if (error) reject(error)
    else resolve()
  }
  if (waiters instanceof Set) waiters.clear()
}
