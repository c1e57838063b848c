import { useCallback, useMemo, useSyncExternalStore } from 'react'
import type { ConnectionChange, ConnectionState } from '../api.ts'
import { useClient } from './provider.ts'

/** Where the connection stands, for a component. */
export interface ConnectionView extends Pick<ConnectionChange, 'reason' | 'retryInMs' | 'attempt'> {
  /** Where the connection stands. */
  readonly state: ConnectionState
}

const IDLE: ConnectionChange = Object.freeze({ current: 'idle', previous: 'idle', attempt: 0 })

/** Where the connection stands; `idle` on the server and without a provider. The same object until it changes. */
export function useConnection(): ConnectionView {
  const client = useClient()
  const subscribe = useCallback(
    (onChange: () => void) => client?.on('connection', onChange) ?? nothing,
    [client],
  )
  const change = useSyncExternalStore(
    subscribe,
    () => client?.connection ?? IDLE,
    () => IDLE,
  )
  return useMemo(() => {
    const { current: state, previous: _, ...rest } = change
    return { state, ...rest }
  }, [change])
}

function nothing(): void {
  // Nobody to listen to.
}
