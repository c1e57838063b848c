/**
 * What is used of an ioredis client, and how connections of our own are made from it. ioredis itself is never imported:
 * any of its versions fits, and an application without Redis needs none.
 */
import type { Clock } from '../../core/clock.ts'
import { clusterOptions, ownOptions } from './client-options.ts'

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

/** The address of the master of a slot, as far as a cluster connection knows it; '' where it does not. */
export function addressOfMaster(connection: Connection, slot: number): string {
  return (connection as ClusterConnection).slots[slot]?.[0] ?? ''
}

/** The connection to the master of a slot, as far as the cluster client knows it. */
export function masterOf(cluster: ClusterConnection, slot: number): RedisClientLike | undefined {
  const address = addressOfMaster(cluster, slot)
  const found = cluster
    .nodes('master')
    .find(({ options: { host, port } }) => `${String(host)}:${String(port)}` === address)
  return found as unknown as RedisClientLike | undefined
}
