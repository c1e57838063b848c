/** What a presence server is given, checked at construction. */
import type { Awaitable } from '../core/awaitable.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { configError } from '../core/errors.ts'
import { DEFAULT_LIMITS, type Limits, SWITCHABLE_LIMITS } from '../core/limits.ts'
import { resolveTiming, type Timing, type TimingOptions } from '../core/timing.ts'
import type { UpgradeRequest } from './attach/request.ts'
import type { ContactsAdapter } from './contacts/contract.ts'
import type { PrivacyAdapter } from './privacy/contract.ts'
import type { Verdict } from './machine.ts'
import type { StorageAdapter } from './storage/contract.ts'
import { memoryStorage } from './storage/memory.ts'

/** What `authenticate` is given. */
export interface AuthenticationAttempt {
  /**
   * The upgrade request; `undefined` where a socket was handed over without one, and for a further token of somebody whose
   * identity does not expire: their request is let go.
   */
  readonly request: UpgradeRequest | undefined
  /**
   * The token of the hello, or of a renewal; where the hello has none, what the upgrade offered as a second sub-protocol
   * `presencekit.token.<token>`; `undefined` where the client gave none.
   */
  readonly token: string | undefined
}

/** Where the server writes what an operator may want to read. `console` is one. */
export interface Logger {
  /** Of use only in search of a fault. */
  debug?(message: string): void
  /** Something that somebody should look at. */
  warn(message: string): void
  /** A fault; the same that the `error` event tells. */
  error(message: string): void
}

/** Options of {@link createPresenceServer}. Durations follow `heartbeat.timeoutMs` where left out. */
export interface PresenceServerOptions extends TimingOptions {
  /**
   * Who is it. Give `{ userId, expiresAt? }` (`expiresAt` in epoch milliseconds), or `null` for a token that is no good:
   * the client then tries once with a new one, or `'banned'`: the client stops (close 4001). A throw means that it could not be found out: the client comes back later.
   */
  authenticate(attempt: AuthenticationAttempt): Awaitable<Verdict>
  /** Who is to be told of whom: your database, or {@link staticContacts}. */
  readonly contacts: ContactsAdapter
  /** What users have settled about who may see them. @defaultValue contacts see all, exactly */
  readonly privacy?: PrivacyAdapter
  /** @defaultValue {@link memoryStorage}: one node */
  readonly storage?: StorageAdapter
  /** Some or all; what is left out keeps its default. 0 switches a limit off where that makes sense. */
  readonly limits?: Partial<Limits>
  /**
   * Origins from which browsers may connect, exactly as in the Origin header.
   * @defaultValue any, for clients that give a token; none for those that give none (cookies travel across sites)
   */
  readonly origins?: readonly string[]
  /** @defaultValue nothing is written */
  readonly logger?: Logger
  /** @defaultValue the real clock */
  readonly clock?: Clock
  /** Names this node where several share a storage. @defaultValue a random one */
  readonly nodeId?: string
}

export interface ResolvedOptions {
  readonly authenticate: (attempt: AuthenticationAttempt) => Awaitable<Verdict>
  readonly contacts: ContactsAdapter
  readonly privacy: PrivacyAdapter | undefined
  readonly storage: StorageAdapter
  readonly limits: Limits
  readonly timing: Timing
  readonly origins: ReadonlySet<string> | null
  readonly logger: Logger | undefined
  readonly clock: Clock
  readonly nodeId: string | undefined
}

/** Fills in what is left out, and throws `CONFIG` for what cannot work. */
export function resolveOptions(options: PresenceServerOptions): ResolvedOptions {
  const { contacts, privacy, clock = systemClock } = options
  if (!hasMethod(options, 'authenticate')) throw configError('authenticate', 'a function', undefined)
  if (!hasMethod(contacts, 'contactsOf')) {
    throw configError('contacts', 'an object with a function contactsOf', contacts)
  }
  if (privacy !== undefined && !hasMethod(privacy, 'settingsOf')) {
    throw configError('privacy', 'an object with a function settingsOf', privacy)
  }
  const storage = options.storage ?? memoryStorage({ clock })
  if (!hasMethod(storage, 'read') || !hasMethod(storage, 'swap')) {
    throw configError('storage', 'an object with functions read and swap', storage)
  }
  return {
    authenticate: (attempt) => options.authenticate(attempt),
    contacts,
    privacy,
    storage,
    limits: resolveLimits(options.limits ?? {}),
    timing: resolveTiming(options, storage.recoveryMs),
    origins: options.origins ? new Set(options.origins) : null,
    logger: options.logger,
    clock,
    nodeId: options.nodeId,
  }
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function'
}

function resolveLimits(given: Partial<Limits>): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name))
      throw configError(`limits.${name}`, 'a limit that exists', value)
    const least = SWITCHABLE_LIMITS.includes(name as keyof Limits) ? 0 : 1
    if (!Number.isInteger(value) || value < least) {
      throw configError(`limits.${name}`, `a whole number of at least ${least}`, value)
    }
  }
  const limits = { ...DEFAULT_LIMITS, ...given }
  if (limits.queueHardBytes < limits.queueSoftBytes) {
    throw configError(
      'limits.queueHardBytes',
      `at least queueSoftBytes (${limits.queueSoftBytes})`,
      limits.queueHardBytes,
    )
  }
  return limits
}
