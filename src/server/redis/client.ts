/**
 * What is used of an ioredis client, and how connections of our own are made from it. ioredis itself is never imported:
 * any of its versions fits, and an application without Redis needs none.
 */
import type { Clock } from '../../core/clock.ts'

/** A client of `ioredis`: a `Redis`, also one with Sentinels, or a `Cluster`. */
export interface RedisClientLike {
  /** Tells a `Cluster` from a `Redis`. */
  readonly isCluster: boolean
  /** Makes another client with the same options, save for those given. */
  duplicate(...overrides: never[]): unknown
}

/** What goes into a command. */
export type Argument = string | number

/** A connection of our own. */
export interface Connection {
  readonly status: string
  call(command: string, args: readonly Argument[]): Promise<unknown>
  connect(): Promise<unknown>
  disconnect(): void
  on(event: string, listener: (...args: never[]) => void): unknown
  off(event: string, listener: (...args: never[]) => void): unknown
}

/** A connection to one server, from which another can be made. */
interface ServerConnection extends Connection {
  readonly options: { readonly host?: string; readonly port?: number }
  duplicate(options: object): Connection
}

/** A connection to a cluster. */
export interface ClusterConnection extends Connection {
  readonly options: { readonly redisOptions?: object }
  /** By slot: the addresses of its master and of its replicas. */
  readonly slots: readonly (readonly string[] | undefined)[]
  nodes(role: 'master'): ServerConnection[]
  duplicate(nodes: readonly never[], options: object): ClusterConnection
}

/** The first wait before connecting again; it doubles up to the cap. */
const FIRST_BACK_OFF_MS = 50
/** A socket that does not close by itself is destroyed after this. */
const DISCONNECT_MS = 200
/** How many times a cluster command is sent elsewhere, or again; each again waits at least 100 ms. */
const MOST_REDIRECTIONS = 16
/** What says that this is no master any more: the connection is made anew, and finds the one that is. */
const NOT_A_MASTER = /^(?:READONLY|MASTERDOWN)/

/**
 * Opens a connection for commands. It connects with the first one.
 *
 * Nothing is sent again or later than asked for, as far as that can be had (a node of a cluster may still send what has
 * timed out): all that a script does is fenced by its stamp. A silent socket is given up after `timeoutMs`.
 */
export function openConnection(client: RedisClientLike, timeoutMs: number, clock: Clock): Connection {
  if (!isCluster(client))
    return (client as unknown as ServerConnection).duplicate(ownOptions(timeoutMs, clock))
  const cluster = client as unknown as ClusterConnection
  return cluster.duplicate([], {
    ...clusterOptions(timeoutMs, clock),
    redisOptions: { ...cluster.options.redisOptions, ...ownOptions(timeoutMs, clock) },
  })
}

/** Opens a connection that hears what is published. It is not made again by itself: its owner does that. */
export function openSubscriber(server: RedisClientLike, timeoutMs: number, clock: Clock): Connection {
  return (server as unknown as ServerConnection).duplicate({
    ...ownOptions(timeoutMs, clock),
    retryStrategy: null,
  })
}

/** Whether a client speaks to a cluster. */
export function isCluster(client: RedisClientLike): boolean {
  return client.isCluster
}

/** The connection to the master of a slot, as far as the cluster client knows it. */
export function masterOf(cluster: ClusterConnection, slot: number): RedisClientLike | undefined {
  const address = cluster.slots[slot]?.[0]
  const found = cluster
    .nodes('master')
    .find(({ options: { host, port } }) => `${String(host)}:${String(port)}` === address)
  return found as unknown as RedisClientLike | undefined
}

/** How long to wait before the next attempt: longer each time, up to the cap, and not all at once. */
export function backOff(attempt: number, capMs: number, clock: Clock): number {
  const full = Math.min(capMs, FIRST_BACK_OFF_MS * 2 ** Math.min(attempt - 1, 16))
  return Math.ceil(full * (0.5 + clock.random() / 2))
}

function ownOptions(timeoutMs: number, clock: Clock): object {
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

function clusterOptions(timeoutMs: number, clock: Clock): object {
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
