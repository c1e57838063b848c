/**
 * Many nodes on one Redis, Valkey, Sentinel set or Redis Cluster, through `ioredis`.
 *
 * @packageDocumentation
 */
export type { RedisClientLike } from './client.ts'
export type { RedisStorageOptions } from './options.ts'
export { type RedisStorage, redisStorage } from './storage.ts'
