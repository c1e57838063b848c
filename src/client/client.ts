/** The client as an application sees it: calls become events of the machine, its actions promises and listeners. */
import { configError, PresenceError } from '../core/errors.ts'
import type { Presence } from '../core/model.ts'
import type { ConnectionChange, PresenceClient, PresenceListener, PresenceSubscription } from './api.ts'
import { checkChoice, checkIds } from './checks.ts'
import { type CallerAction, createHost } from './host.ts'
import { createListeners } from './listeners.ts'
import { type PresenceClientOptions, resolveOptions } from './options.ts'
import { forgetAll, presenceOf } from './records.ts'
import type { Waiter } from './requests.ts'
import { createSubscription, ROSTER, type Subscription } from './subscriptions.ts'

/**
 * Makes a client. Nothing happens before it is asked for something.
 *
 * @throws {@link PresenceError} `CONFIG` for options that cannot work
 */
export function createPresenceClient(options: PresenceClientOptions): PresenceClient {
  const settings = resolveOptions(options)
  const { clock } = settings
  const listeners = createListeners(settings.logger)
  /** The first snapshots that are still due. */
  const snapshots = new Map<Subscription, Settler<readonly Presence[]>>()
  const connecting = new Set<Waiter>()
  let lastChange: ConnectionChange = { current: 'idle', previous: 'idle', attempt: 0 }
  let destroyed = false

  const perform = (action: CallerAction): void => {
    switch (action.type) {
      case 'connection':
        lastChange = action.change
        listeners.emit('connection', action.change)
        if (action.change.current === 'connected') settleAll(connecting, null)
        return
      case 'ended':
        return settleAll(connecting, action.error)
      case 'settle':
        return settleAll(action.waiters, action.error)
      case 'greet':
        return queueMicrotask(() => host.dispatch(action))
      case 'notify': {
        const { active, listener } = action.subscription
        if (active && listener && !destroyed) listeners.call(listener, action.presence, action.previous)
        return
      }
      case 'complete':
        return takeSnapshot(action.subscription)?.resolve(action.presences)
      case 'incomplete':
        return takeSnapshot(action.subscription)?.reject(action.error)
      case 'changed':
        return emitChange(action)
      case 'self':
        return listeners.emit('self', action.self)
      case 'error':
        return listeners.fault(action.error, action.stage)
    }
  }
  const takeSnapshot = (subscription: Subscription): Settler<readonly Presence[]> | undefined => {
    const settler = snapshots.get(subscription)
    snapshots.delete(subscription)
    return settler
  }
  const emitChange = ({
    presence,
    previous,
    transition,
  }: Extract<CallerAction, { type: 'changed' }>): void => {
    listeners.emit('presence', presence, previous)
    if (transition) listeners.emit(transition, presence, previous)
  }

  const host = createHost(settings, { perform, fault: listeners.fault })
  const { machine, dispatch } = host

  const watch = (keys: readonly string[], listener: PresenceListener | undefined): PresenceSubscription => {
    const subscription = createSubscription(listener)
    const ready = new Promise<readonly Presence[]>((resolve, reject) => {
      snapshots.set(subscription, { resolve, reject })
    })
    // Nobody has to wait for it.
    ready.catch(() => undefined)
    const change = (type: 'add' | 'remove', keys: readonly string[]): void => {
      if (subscription.active) dispatch({ type, subscription, keys })
    }
    const end = (): void => {
      change('remove', [...subscription.keys])
      subscription.active = false
      takeSnapshot(subscription)?.reject(closedError())
    }
    if (destroyed) end()
    change('add', keys)
    return {
      ready,
      unsubscribe: end,
      add: (...userIds) => change('add', checkIds(userIds)),
      remove: (...userIds) => change('remove', userIds),
    }
  }

  const whenAnswered = (ask: (waiter: Waiter) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      if (destroyed) reject(closedError())
      else ask({ resolve, reject })
    })

  return {
    get state() {
      return machine.connection.state
    },
    get connection() {
      return lastChange
    },
    get self() {
      return machine.self
    },
    async connect() {
      if (machine.connection.state === 'connected') return
      await whenAnswered((waiter) => {
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
      for (const { reject } of snapshots.values()) reject(closedError())
      snapshots.clear()
      forgetAll(machine.records)
      listeners.clear()
    },
    subscribe: (userIds, listener) => watch(checkIds(userIds), listener),
    subscribeContacts(listener) {
      const { ready, unsubscribe } = watch([ROSTER], listener)
      return Object.assign(() => unsubscribe(), { ready, unsubscribe })
    },
    get(userId) {
      checkIds(userId)
      return presenceOf(machine.records, userId)
    },
    async fetch(userIds) {
      const asked = checkIds(userIds)
      const ids = new Set(asked)
      if (ids.size > 0) await whenAnswered((waiter) => dispatch({ type: 'fetch', ids, waiter }))
      return asked.map((id) => presenceOf(machine.records, id))
    },
    async setStatus(status, options = {}) {
      checkChoice(status, options)
      const { text, expiresInMs } = options
      const expiresAt = expiresInMs === undefined ? null : clock.now() + expiresInMs
      await whenAnswered((waiter) =>
        dispatch({ type: 'choose', choice: { status, text, expiresAt, waiters: [waiter] } }),
      )
    },
    on: listeners.on,
    useSocket(next) {
      if (!settings.socket) throw configError('socket', 'given to createPresenceClient', undefined)
      host.share(next)
    },
    serverTime() {
      const { serverOffsetMs } = machine
      return serverOffsetMs === null ? clock.time() : Math.round(clock.now() + serverOffsetMs)
    },
  }
}

interface Settler<Value> {
  readonly resolve: (value: Value) => void
  readonly reject: (error: PresenceError) => void
}

function settleAll(waiters: Iterable<Waiter>, error: PresenceError | null): void {
  for (const { resolve, reject } of waiters) {
    if (error) reject(error)
    else resolve()
  }
  if (waiters instanceof Set) waiters.clear()
}

function closedError(): PresenceError {
  return new PresenceError('CLOSED', 'The client was destroyed, or the subscription ended')
}
