/**
 * The shell around a node's machine: it turns sockets, timers and adapters' answers into events, and carries the
 * actions out. No rule of presence is decided here.
 */
import { isPromise } from '../core/awaitable.ts'
import type { Clock } from '../core/clock.ts'
import { CLOSE, PresenceError, type PresenceErrorCode } from '../core/errors.ts'
import type { Presence } from '../core/model.ts'
import { type Authenticate, createAuthenticator } from './authenticating.ts'
import { Inlet, type Transport } from './inlet.ts'
import type { Judging } from './judging.ts'
import type {
  Command,
  ConnectionId,
  Identity,
  NodeAction,
  NodeEvent,
  Notice,
  RequestId,
  Verdict,
} from './machine.ts'
import { step } from './node.ts'
import { batchReads } from './read-batch.ts'
import { type Ask, askDirectory, useBus } from './shared-shell.ts'
import { ailmentsOf } from './standing.ts'
import { createNode, type NodeConfig } from './state.ts'
import type { StorageAdapter } from './storage/contract.ts'

/** Where a fault came from. */
export type ErrorStage = 'authenticate' | 'contacts' | 'storage' | 'bus' | 'socket' | 'listener' | 'internal'

export interface HostOptions<Request> {
  readonly config: NodeConfig
  readonly clock: Clock
  readonly storage: StorageAdapter
  readonly judging: Judging
  readonly authenticate: Authenticate<Request>
  readonly createSessionId: () => string
  readonly onNotice: (notice: Notice) => void
  readonly onError: (error: unknown, stage: ErrorStage) => void
}

export interface Host<Request> {
  /** Takes a connection in. */
  accept(
    transport: Transport,
    from: {
      readonly request: Request | undefined
      readonly identity: Identity | null
    },
  ): Inlet
  command(command: Command): Promise<readonly Presence[] | undefined>
  /** Something about a user was changed by others; `null`: about anybody. */
  changed(user: string | null): void
  connections(): number
  /** Nothing is on its way into the storage. */
  isSettled(): boolean
  /** Why the node cannot serve just now. */
  ailments(): readonly string[]
  /** Cuts what is left and forgets everything. */
  stop(): void
}

interface Caller {
  readonly resolve: (value: readonly Presence[] | undefined) => void
  readonly reject: (error: PresenceError) => void
}

/** Who it is was found out, and does not expire. */
function isForGood(verdict: Verdict | undefined): boolean {
  return typeof verdict === 'object' && verdict !== null && verdict.expiresAt === undefined
}

export function createHost<Request>(options: HostOptions<Request>): Host<Request> {
  const { config, clock, storage, judging } = options
  const node = createNode(config, clock.now(), clock.time())
  const transports = new Map<ConnectionId, Transport>()
  // As long as somebody may have to be authenticated by it: it weighs as much as the rest of an idle connection.
  const requests = new Map<ConnectionId, Request>()
  const callers = new Map<RequestId, Caller>()
  // What answers at once has nothing to gain by waiting for others.
  const read = storage.nodes ? batchReads(storage, clock) : storage.read.bind(storage)
  const verdictOn = createAuthenticator(options.authenticate, config.limits, clock)
  let nextConnection = 1
  // The node numbers its own questions upwards from 1; the application's go downwards.
  let nextCall = -1
  let cancelWake = () => {}
  let stopped = false

  const events: NodeEvent[] = []
  const actions: NodeAction[] = []
  let running = false

  /** One event after the other, each with its actions; an answer that is there at once is the next event. */
  const dispatch = (event: NodeEvent): void => {
    if (stopped) return
    events.push(event)
    if (running) return
    running = true
    for (let next = events.shift(); next; next = events.shift()) {
      advance(next)
      for (const action of actions.splice(0)) carryOut(action)
    }
    running = false
  }
  const advance = (event: NodeEvent): void => {
    try {
      step(node, event, clock.now(), actions)
    } catch (error) {
      options.onError(error, 'internal')
    }
  }
  const carryOut = (action: NodeAction): void => {
    try {
      perform(action)
    } catch (error) {
      options.onError(error, 'socket')
    }
  }
  const guard = (act: () => void): void => {
    try {
      act()
    } catch (error) {
      options.onError(error, 'socket')
    }
  }

  /** Asks an adapter, and has the answer, or its absence, dispatched. */
  const ask: Ask<ErrorStage> = (stage, question, answer) => {
    const failed = (error: unknown) => {
      options.onError(error, stage)
      dispatch(answer(undefined))
    }
    try {
      const value = question()
      if (isPromise(value)) value.then((late) => dispatch(answer(late)), failed)
      else dispatch(answer(value))
    } catch (error) {
      failed(error)
    }
  }

  /** What comes from a connection. Once it is closed there is nothing more to take, nor to send. */
  const take = (event: NodeEvent): void => {
    if (event.type === 'closed') {
      requests.delete(event.connection)
      if (!transports.delete(event.connection)) return
    }
    dispatch(event)
  }

  const perform = (action: NodeAction): void => {
    switch (action.type) {
      case 'send':
        return send(action.connection, action.frames)
      case 'close':
        return transports.get(action.connection)?.close(action.code, action.reason)
      case 'terminate':
        return transports.get(action.connection)?.terminate(action.code)
      case 'measure':
        return measure(action.connection)
      case 'turn':
        return clock.defer(() => dispatch({ type: 'turn' }))
      case 'wakeAt':
        cancelWake()
        // After the input that is there already: a process that was held up reads what came before it judges anybody.
        cancelWake = clock.setTimer(action.at - clock.now(), () => {
          clock.defer(() => dispatch({ type: 'wake' }))
        })
        return
      case 'read':
        return ask(
          'storage',
          () => read(action.ids),
          (reply) => ({ type: 'read', request: action.request, reply: reply ?? null }),
        )
      case 'swap':
        return ask(
          'storage',
          () => storage.swap(action.swaps, action.stamp),
          (reply) => ({ type: 'swapped', request: action.request, reply: reply ?? null }),
        )
      case 'flush':
      case 'enlist':
      case 'claim':
      case 'discharge':
      case 'release':
        return askDirectory(storage, action, ask)
      case 'listen':
      case 'publish':
        return useBus(storage, action, ask, (message) => dispatch({ type: 'message', message }))
      case 'audience':
        return ask(
          'contacts',
          () => judging.audience(action.question),
          (audience) => ({ type: 'told', request: action.request, audience: audience ?? null }),
        )
      case 'judge':
        return ask(
          'contacts',
          () => judging.sights(action.question),
          (judgement) => ({ type: 'judged', request: action.request, judgement: judgement ?? null }),
        )
      case 'invalidate':
        return judging.invalidate(action.user)
      case 'authenticate':
        return authenticate(action.connection, action.token)
      case 'notify':
        return options.onNotice(action.notice)
      case 'reply':
        return reply(action.request, action.value)
    }
  }

  const send = (connection: ConnectionId, frames: readonly string[]): void => {
    const transport = transports.get(connection)
    if (!transport) return
    transport.send(frames)
    const bytes = transport.backlog()
    if (bytes > config.limits.queueSoftBytes) dispatch({ type: 'backlog', connection, bytes })
  }

  const measure = (connection: ConnectionId): void => {
    const transport = transports.get(connection)
    if (transport) dispatch({ type: 'backlog', connection, bytes: transport.backlog() })
  }

  const authenticate = (connection: ConnectionId, token: string | undefined): void => {
    const verdict = verdictOn(requests.get(connection), token)
    ask(
      'authenticate',
      () => verdict,
      (identity) => {
        if (isForGood(identity)) requests.delete(connection)
        return { type: 'authenticated', connection, identity }
      },
    )
  }

  const reply = (request: RequestId, value: readonly Presence[] | PresenceErrorCode | undefined): void => {
    const caller = callers.get(request)
    callers.delete(request)
    if (typeof value === 'string')
      caller?.reject(new PresenceError(value, 'The storage or the contacts did not answer'))
    else caller?.resolve(value)
  }

  if (storage.nodes) dispatch({ type: 'start' })
  return {
    accept(transport, { request, identity }) {
      const connection = nextConnection++
      // Who comes when all is over is sent on, and not left hanging.
      if (stopped) guard(() => transport.close(CLOSE.RESTART, 'RESTART 0'))
      else transports.set(connection, transport)
      if (request !== undefined && !identity) requests.set(connection, request)
      dispatch({ type: 'open', connection, session: options.createSessionId(), identity })
      return new Inlet(connection, take)
    },
    command: (command) =>
      new Promise((resolve, reject) => {
        const request = nextCall--
        if (stopped) {
          reject(new PresenceError('CLOSED', 'The presence server is closed'))
          return
        }
        callers.set(request, { resolve, reject })
        dispatch({ type: 'command', request, command })
      }),
    changed: (user) => dispatch({ type: 'changed', user }),
    connections: () => transports.size,
    isSettled: () => node.dirtyUsers.size + node.swaps.size === 0,
    ailments: () => ailmentsOf(node),
    stop() {
      stopped = true
      cancelWake()
      for (const transport of transports.values()) guard(() => transport.terminate(CLOSE.RESTART))
      transports.clear()
      requests.clear()
      for (const { reject } of callers.values())
        reject(new PresenceError('CLOSED', 'The presence server is closed'))
      callers.clear()
    },
  }
}
