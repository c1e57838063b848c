/**
 * The server half: attach it to a `ws` or HTTP server, give it who is who and who knows whom.
 *
 * @packageDocumentation
 */
export type { Awaitable } from '../core/awaitable.ts'
export type { SessionActivity } from '../core/model.ts'
export type { Choice, SessionEntry, UserRecord } from '../core/record.ts'
export type { Version } from '../core/version.ts'
export type { Limits } from '../core/limits.ts'
export type { TimingOptions } from '../core/timing.ts'
export type {
  AlarmNotice,
  Attachment,
  ErrorContext,
  PresenceServer,
  PresenceServerEvents,
  ServerHealth,
  SessionNotice,
  WatchNotice,
} from './api.ts'
export type { HttpServerLike, UpgradeListener } from './attach/http.ts'
export type { UpgradeHead, UpgradeRequest, UpgradeSocket } from './attach/request.ts'
export type { SharedOptions } from './attach/shared.ts'
export type { WebSocketServerLike } from './attach/sub-protocol.ts'
export { type CachedContactsOptions, cachedContacts } from './contacts/cached.ts'
export type { ContactsAdapter, IdSource } from './contacts/contract.ts'
export { type ContactBook, staticContacts } from './contacts/static.ts'
export type { ErrorStage } from './host.ts'
export type { Identity, Verdict } from './machine.ts'
export type { AuthenticationAttempt, Logger, PresenceServerOptions } from './options.ts'
export type { PrivacyAdapter } from './privacy/contract.ts'
export { createPresenceServer } from './server.ts'
export type { BusAdapter } from './storage/bus.ts'
export type {
  ReadReply,
  Stamp,
  StorageAdapter,
  StoredRecord,
  Swap,
  SwapReply,
  SwapResult,
} from './storage/contract.ts'
export type {
  Claim,
  ClaimReply,
  EntryReply,
  Flush,
  FlushReply,
  LeftSession,
  ListedNode,
  NodeDirectory,
  SessionOwner,
  SilentSession,
} from './storage/nodes.ts'
export { type MemoryStorageOptions, memoryStorage } from './storage/memory.ts'
