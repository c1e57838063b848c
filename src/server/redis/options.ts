/** The options of the Redis storage, checked. */
import { configError } from '../../core/errors.ts'
import type { RedisClientLike } from './client.ts'

/** How {@link redisStorage} is set up. */
export interface RedisStorageOptions {
  /**
   * A client of `ioredis`: a `Redis`, also one with Sentinels, or a `Cluster`. It is only used to make connections like it;
   * it stays yours, and is never changed or disconnected.
   */
  readonly client: RedisClientLike
  /** All keys and channels begin with it; without braces. @defaultValue 'presencekit' */
  readonly prefix?: string
  /** Every call is over after this, whatever happens. 50 to 60000. @defaultValue 2000 */
  readonly commandTimeoutMs?: number
  /** So long what is known of users without a session is kept: their last seen above all. From 1000. @defaultValue 31536000000, a year */
  readonly retainLastSeenMs?: number
}

const DEFAULT_PREFIX = 'presencekit'
const DEFAULT_TIMEOUT_MS = 2_000
/** Below it a busy machine would be taken for one that is gone. */
const LEAST_TIMEOUT_MS = 50
const MOST_TIMEOUT_MS = 60_000
const DEFAULT_RETAIN_MS = 31_536_000_000
const LEAST_RETAIN_MS = 1_000
const BRACES_OR_LONE_SURROGATES = /[{}\ud800-\udfff]/u

/** @throws {@link PresenceError} `CONFIG`, naming the option, what it takes and what was given */
export function resolveOptions(options: RedisStorageOptions): Required<RedisStorageOptions> {
  const { client, prefix = DEFAULT_PREFIX } = options
  const isClient = typeof (client as Partial<RedisClientLike> | undefined)?.duplicate === 'function'
  if (!isClient) throw configError('client', 'a Redis or a Cluster of ioredis', client)
  if (typeof prefix !== 'string' || prefix === '' || BRACES_OR_LONE_SURROGATES.test(prefix)) {
    throw configError('prefix', 'a well-formed string without braces, not empty', prefix)
  }
  return {
    client,
    prefix,
    commandTimeoutMs: duration(
      'commandTimeoutMs',
      options.commandTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      LEAST_TIMEOUT_MS,
      MOST_TIMEOUT_MS,
    ),
    retainLastSeenMs: duration(
      'retainLastSeenMs',
      options.retainLastSeenMs ?? DEFAULT_RETAIN_MS,
      LEAST_RETAIN_MS,
      Number.MAX_SAFE_INTEGER / 1_000,
    ),
  }
}

function duration(option: string, given: number, least: number, most: number): number {
  if (Number.isInteger(given) && given >= least && given <= most) return given
  throw configError(option, `a whole number of milliseconds from ${least} to ${most}`, given)
}
