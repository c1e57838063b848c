import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react'
import type { PresenceClient } from '../api.ts'

const ClientContext = createContext<PresenceClient | null>(null)

/** What {@link PresenceProvider} takes. */
export interface PresenceProviderProps {
  /** Made and destroyed by the application: a client outlives any component. */
  readonly client: PresenceClient
  /** Who may use the hooks. */
  readonly children?: ReactNode
}

/** Gives the components below it a client. */
export function PresenceProvider({ client, children }: PresenceProviderProps): ReactElement {
  return createElement(ClientContext.Provider, { value: client }, children)
}

/** The client of the nearest provider. */
export function useClient(): PresenceClient | null {
  return useContext(ClientContext)
}
