/** The part of the shell that speaks to what nodes share: the directory of nodes, and the bus. */
import type { Awaitable } from '../core/awaitable.ts'
import type { NodeAction, NodeEvent } from './machine.ts'
import type { StorageAdapter } from './storage/contract.ts'

/** Asks an adapter, and has the answer, or its absence, dispatched. */
export type Ask<Stage> = <T>(
  stage: Stage,
  question: () => Awaitable<T>,
  answer: (value: T | undefined) => NodeEvent,
) => void

type DirectoryAction = Extract<NodeAction, { type: 'flush' | 'enlist' | 'claim' | 'discharge' | 'release' }>
type BusAction = Extract<NodeAction, { type: 'listen' | 'publish' }>

export function askDirectory(
  { nodes }: StorageAdapter,
  action: DirectoryAction,
  ask: Ask<'storage' | 'bus'>,
): void {
  if (!nodes) return
  switch (action.type) {
    case 'flush':
      return ask(
        'storage',
        () => nodes.flush(action.flush),
        (reply) => ({ type: 'flushed', reply: reply ?? null }),
      )
    case 'enlist':
      return ask(
        'storage',
        () => nodes.enlist(action.incarnation, action.sessions, action.stamp),
        (reply) => ({ type: 'enlisted', request: action.request, reply: reply ?? null }),
      )
    case 'claim':
      return ask(
        'storage',
        () => nodes.claim(action.claim),
        (reply) => ({ type: 'claimed', request: action.request, reply: reply ?? null }),
      )
    case 'discharge':
      return ask(
        'storage',
        () => nodes.discharge(action.incarnation, action.by, action.sessions, action.stamp),
        (reply) => ({ type: 'discharged', request: action.request, reply: reply ?? null }),
      )
    case 'release':
      // Where it fails the lease lapses by itself.
      return ask(
        'storage',
        () => nodes.release(action.incarnation),
        () => ({ type: 'released', request: action.request }),
      )
  }
}

/** `onMessage` must not throw: what a message sets off is none of the bus' business. */
export function useBus(
  { bus }: StorageAdapter,
  action: BusAction,
  ask: Ask<'storage' | 'bus'>,
  onMessage: (message: string) => void,
): void {
  if (!bus) return
  if (action.type === 'listen') {
    return ask(
      'bus',
      async () => {
        await bus.listen(action.address, onMessage)
        return true
      },
      (succeeded) => ({ type: 'listening', succeeded: succeeded === true }),
    )
  }
  return ask(
    'bus',
    () => bus.publish(action.address, action.message),
    () => ({ type: 'published' }),
  )
}
