/**
 * The words that client and server share: types, error codes, and a formatter for "last seen".
 *
 * @packageDocumentation
 */
export type { Clock } from './clock.ts'
export { PresenceError, type PresenceErrorCode } from './errors.ts'
export { type FormatLastSeenOptions, formatLastSeen, type LastSeenWords } from './last-seen.ts'
export type {
  LastSeenAccuracy,
  OfflineReason,
  OwnPresence,
  Presence,
  PresenceStatus,
  PresenceView,
  StatusChoice,
} from './model.ts'
export type { WebSocketLike } from './socket.ts'
export type { Audience, LastSeenPrecision, PrivacySettings } from './visibility.ts'
