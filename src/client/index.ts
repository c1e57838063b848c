/**
 * The client: watches the presence of others, and tells one's own, over one connection that keeps itself alive.
 *
 * @packageDocumentation
 */
export type {
  ConnectionChange,
  ConnectionState,
  ContactsSubscription,
  ErrorContext,
  PresenceClient,
  PresenceClientEvents,
  PresenceListener,
  PresenceSubscription,
  SetStatusOptions,
} from './api.ts'
export { createPresenceClient } from './client.ts'
export type {
  AbortSignalLike,
  ActivityOptions,
  PresenceClientOptions,
  PresenceLogger,
  ReconnectOptions,
  TokenReason,
  TokenRequest,
  TokenSource,
  WebSocketConstructor,
} from './options.ts'
