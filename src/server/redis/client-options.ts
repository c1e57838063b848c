/** The options of our own connections, in place of those that the application's client has; all others stay as they are. */
import type { Clock } from '../../core/clock.ts'

/** The first wait before connecting again; it doubles up to the cap. */
const FIRST_BACK_OFF_MS = 50
/** A socket that does not close by itself is destroyed after this. */
const DISCONNECT_MS = 200
/** How many times a cluster command is sent elsewhere, or again; each again waits at least 100 ms. */
const MOST_REDIRECTIONS = 16
/** What says that this is no master any more: the connection is made anew, and finds the one that is. */
const NOT_A_MASTER = /^(?:READONLY|MASTERDOWN)/

/** How long to wait before the next attempt: longer each time, up to the cap, and not all at once. */
export function backOff(attempt: number, capMs: number, clock: Clock): number {
  const full = Math.min(capMs, FIRST_BACK_OFF_MS * 2 ** Math.min(attempt - 1, 16))
  return Math.ceil(full * (0.5 + clock.random() / 2))
}

/** For a connection to one server, to a master behind Sentinels, or to a node of a cluster. */
export function ownOptions(timeoutMs: number, clock: Clock): object {
  const retry = (attempt: number): number => backOff(attempt, timeoutMs, clock)
  return {
    lazyConnect: true,
    // Every key and channel bears our own prefix.
    keyPrefix: '',
    readOnly: false,
    role: 'master',
    monitor: false,
    commandTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disconnectTimeout: Math.min(DISCONNECT_MS, timeoutMs),
    // What is under way when a connection breaks fails at once; nothing waits for the next connection to be sent then.
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableReadyCheck: true,
    enableAutoPipelining: false,
    maxLoadingRetryTime: timeoutMs,
    retryStrategy: retry,
    reconnectOnError: (error: Error) => NOT_A_MASTER.test(error.message),
    // A master that was cut off goes on taking writes until the Sentinels reach it; by this it is left at once.
    failoverDetector: true,
    sentinelRetryStrategy: retry,
    sentinelCommandTimeout: timeoutMs,
    // Replies as every version gives them.
    stringNumbers: false,
    replyMapping: 'legacy',
    himportFieldsets: undefined,
  }
}

/** For a connection to a cluster; its nodes take {@link ownOptions}. */
export function clusterOptions(timeoutMs: number, clock: Clock): object {
  return {
    lazyConnect: true,
    keyPrefix: '',
    // Write, then read: a replica may be behind.
    scaleReads: 'master',
    // The links to the nodes connect with their first command, which has to wait for that.
    enableOfflineQueue: true,
    enableReadyCheck: true,
    enableAutoPipelining: false,
    shardedSubscribers: false,
    maxRedirections: MOST_REDIRECTIONS,
    clusterRetryStrategy: (attempt: number) => backOff(attempt, timeoutMs, clock),
    // A master that hangs is found out by nothing but this.
    slotsRefreshInterval: timeoutMs,
    slotsRefreshTimeout: Math.ceil(timeoutMs / 2),
    himportFieldsets: undefined,
  }
}
