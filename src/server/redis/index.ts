/**
 * Many nodes on one Redis, Valkey, Sentinel set or Redis Cluster, through `ioredis`.
 *
 * @packageDocumentation
 */
export {}
