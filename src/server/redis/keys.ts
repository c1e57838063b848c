/**
 * The keys in Redis. What one script touches lies on one slot, by the tag in braces; ids stand behind it as they are, for
 * only the first pair of braces is a tag.
 *
 * ```
 * <prefix>:layout                    version of this layout, and count of buckets
 * <prefix>:{<tag>}:u:<user>          a user's record, packed
 * <prefix>:{<tag>}:e                 the epoch of the bucket
 * <prefix>:{node:<incarnation>}:n    a node's entry
 * <prefix>:{node:<incarnation>}:s    its sessions
 * <prefix>:{nodes}:i                 all incarnations, by the deadline of their lease
 * <prefix>:{bus:<address>}           a channel
 * ```
 */
import { crc16, evenTags } from './slot.ts'

/** Into so many parts the users are divided, each on the first slot of a 256th of a cluster. */
export const BUCKETS = 256
/** Raised when the same data is kept in another way. */
export const LAYOUT = `1 ${BUCKETS}`

/** The keys under one prefix. */
export interface Keys {
  readonly layout: string
  readonly index: string
  /** By bucket. */
  readonly epochs: readonly string[]
  record(bucket: number, id: string): string
  entry(incarnation: string): string
  sessions(incarnation: string): string
  channel(address: string): string
}

let tags: readonly string[] | undefined

/** The keys under a prefix, which holds no braces. */
export function createKeys(prefix: string): Keys {
  tags ??= evenTags(BUCKETS)
  const buckets = tags.map((tag) => `${prefix}:{${tag}}:`)
  return {
    layout: `${prefix}:layout`,
    index: `${prefix}:{nodes}:i`,
    epochs: buckets.map((bucket) => `${bucket}e`),
    record: (bucket, id) => `${buckets[bucket] ?? ''}u:${id}`,
    entry: (incarnation) => `${prefix}:{node:${incarnation}}:n`,
    sessions: (incarnation) => `${prefix}:{node:${incarnation}}:s`,
    channel: (address) => `${prefix}:{bus:${address}}`,
  }
}

/** The bucket of a user. */
export function bucketOf(id: string): number {
  return crc16(id) % BUCKETS
}
