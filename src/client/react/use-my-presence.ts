import { useCallback, useSyncExternalStore } from 'react'
import type { OwnPresence } from '../../core/model.ts'
import { UNKNOWN_SELF } from '../machine/own-presence.ts'
import { useClient } from './provider.ts'

/** The user's own presence, as others see it, and what they chose to show. */
export function useMyPresence(): OwnPresence {
  const client = useClient()
  const subscribe = useCallback((onChange: () => void) => client?.on('self', onChange) ?? nothing, [client])
  return useSyncExternalStore(
    subscribe,
    () => client?.self ?? UNKNOWN_SELF,
    () => UNKNOWN_SELF,
  )
}

function nothing(): void {
  // Nobody to listen to.
}
