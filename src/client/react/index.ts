/**
 * Presence for React: a provider, and hooks that never throw, keep identities stable, and are safe in StrictMode and
 * on the server.
 *
 * @packageDocumentation
 */
export { PresenceProvider, type PresenceProviderProps } from './provider.ts'
export { type ConnectionView, useConnection } from './use-connection.ts'
export { type UseLastSeenOptions, useLastSeen } from './use-last-seen.ts'
export { useMyPresence } from './use-my-presence.ts'
export { usePresence } from './use-presence.ts'
export { usePresences } from './use-presences.ts'
