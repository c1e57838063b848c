/** The host of the machine: turns sockets, timers and the page into events, and does what it wants done out there. */
import type { PresenceError } from '../core/errors.ts'
import type { WebSocketLike } from '../core/socket.ts'
import { createAlarm } from './alarm.ts'
import type { ErrorContext } from './api.ts'
import {
  type ClientAction,
  type ClientEvent,
  type ClientState,
  createClientState,
} from './machine/client-state.ts'
import { machineDueAt, stepMachine } from './machine/machine.ts'
import type { Settings } from './options.ts'
import { watchPage } from './page.ts'
import { keepSession } from './session-memory.ts'
import { createTransport } from './transport.ts'

/** What is left for the caller to do: promises and listeners. */
export type CallerAction = Exclude<ClientAction, { type: 'attempt' | 'send' | 'renew' | 'drop' }>

/** Runs a machine. */
export interface Host {
  readonly state: ClientState
  readonly dispatch: (event: ClientEvent) => void
  /** Resolves when no goodbye is under way. */
  readonly departure: () => Promise<void>
  /** Goes on with another socket of the application. */
  readonly share: (socket: WebSocketLike) => void
  /** Says goodbye, and leaves no listener, timer or handle behind. */
  readonly destroy: () => void
}

/** What a host tells. */
export interface HostEvents {
  readonly perform: (action: CallerAction) => void
  readonly fault: (error: PresenceError, stage: ErrorContext['stage']) => void
}

/** A host of a machine that has done nothing yet. */
export function createHost(settings: Settings, events: HostEvents): Host {
  const { clock } = settings
  const state = createClientState(settings)
  const actions: ClientAction[] = []
  let performing = false
  let destroyed = false

  const dispatch = (event: ClientEvent): void => {
    if (destroyed) return
    stepMachine(state, event, { now: clock.now(), random: clock.random(), out: actions })
    // A listener has called: what follows is done when its turn comes, in order.
    if (!performing) performAll()
  }
  const performAll = (): void => {
    performing = true
    for (const action of actions) perform(action)
    actions.length = 0
    performing = false
    if (!destroyed) alarm.set(machineDueAt(state, clock.now()))
  }
  const perform = (action: ClientAction): void => {
    switch (action.type) {
      case 'attempt':
        return transport.attempt(action)
      case 'send':
        return transport.send(action.message)
      case 'renew':
        return transport.renew()
      case 'drop':
        return transport.drop(action.goodbye)
      default:
        return events.perform(action)
    }
  }

  const alarm = createAlarm(clock, () => dispatch({ type: 'due' }))
  const transport = createTransport(settings, { tell: dispatch, fault: events.fault })
  const leavePage = watchPage((signal) => {
    const { previous } = state.connection
    if (signal === 'leaving' && previous !== undefined) keepSession(previous)
    dispatch({ type: 'page', signal })
  })

  return {
    state,
    dispatch,
    departure: transport.departure,
    share(socket) {
      transport.share(socket)
      dispatch({ type: 'unreachable' })
      dispatch({ type: 'reachable' })
    },
    destroy() {
      transport.destroy()
      dispatch({ type: 'disconnect' })
      destroyed = true
      leavePage()
      alarm.clear()
    },
  }
}
