/** The application's listeners. None can disturb another, or us: what one throws becomes an `error` event. */
import { EventEmitter } from 'eventemitter3'
import { PresenceError } from '../core/errors.ts'
import type { ErrorContext, PresenceClientEvents } from './api.ts'
import type { Log } from './log.ts'

/** Calls listeners. */
export interface Listeners {
  readonly on: <Name extends keyof PresenceClientEvents>(
    event: Name,
    listener: PresenceClientEvents[Name],
  ) => () => void
  emit<Name extends keyof PresenceClientEvents>(
    event: Name,
    ...args: Parameters<PresenceClientEvents[Name]>
  ): void
  /** Calls a listener that is not one of an event. */
  readonly call: <Args extends readonly unknown[]>(listener: (...args: Args) => void, ...args: Args) => void
  /** A fault in the background. */
  readonly fault: (error: PresenceError, stage: ErrorContext['stage']) => void
  /** Nobody listens any more. */
  readonly clear: () => void
}

/** Nobody listens yet. */
export function createListeners(log: Log): Listeners {
  const emitter = new EventEmitter<string, undefined>()
  /** Whoever listens for errors and throws is not told of that one again. */
  let faulting = false

  const fault = (error: PresenceError, stage: ErrorContext['stage']): void => {
    log('warn', `${stage}: ${error.message}`, error)
    if (faulting) return
    faulting = true
    emitter.emit('error', error, { stage })
    faulting = false
  }
  const call = <Args extends readonly unknown[]>(listener: (...args: Args) => void, ...args: Args): void => {
    try {
      listener(...args)
    } catch (cause) {
      fault(new PresenceError('INTERNAL', 'A listener threw', { cause }), 'listener')
    }
  }

  return {
    on(event, listener) {
      type Args = Parameters<typeof listener>
      const guarded = (...args: Args): void => call(listener as (...args: Args) => void, ...args)
      emitter.on(event, guarded)
      return () => void emitter.off(event, guarded)
    },
    emit(event, ...args) {
      emitter.emit(event, ...args)
    },
    call,
    fault,
    clear: () => void emitter.removeAllListeners(),
  }
}
