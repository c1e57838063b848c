/** The bus over Redis' Pub/Sub; on a cluster over sharded Pub/Sub, which reaches one shard and not all nodes. */
import type { Clock } from '../../core/clock.ts'
import { PresenceError } from '../../core/errors.ts'
import type { BusAdapter } from '../storage/bus.ts'
import {
  type ClusterConnection,
  isCluster,
  masterOf,
  openSubscriber,
  type RedisClientLike,
} from './client.ts'
import type { Keys } from './keys.ts'
import type { Link, Span } from './link.ts'
import { slotOf } from './slot.ts'
import { unexpected } from './stamped.ts'
import { type Subscription, subscribe, type SubscriptionSource } from './subscription.ts'

/** The bus, and what ends it. */
export interface RedisBus {
  readonly adapter: BusAdapter
  close(): Promise<void>
}

/** @param client - the application's, from which subscribers are made */
export function createBus(
  client: RedisClientLike,
  link: Link,
  keys: Keys,
  timeoutMs: number,
  clock: Clock,
): RedisBus {
  const isSharded = isCluster(client)
  let current: Subscription | undefined
  let isClosed = false

  const sourceOf = (channel: string): SubscriptionSource => ({
    channel,
    command: isSharded ? 'ssubscribe' : 'subscribe',
    event: isSharded ? 'smessage' : 'message',
    async open(span) {
      const server = isSharded ? await ownerOf(link, channel, span) : client
      return openSubscriber(server, timeoutMs, clock)
    },
  })

  const adapter: BusAdapter = {
    async listen(address, onMessage) {
      if (isClosed) throw new PresenceError('CLOSED', 'The storage is closed')
      const before = current
      const next = subscribe(sourceOf(keys.channel(address)), onMessage, timeoutMs, clock)
      current = next
      await Promise.all([next.ready, before?.close()])
    },
    async publish(address, message) {
      const name = isSharded ? 'spublish' : 'publish'
      const [outcome] = await link.send([{ name, args: [keys.channel(address), message] }], link.begin())
      if (outcome?.error) throw outcome.error
    },
  }
  return {
    adapter,
    async close() {
      isClosed = true
      await current?.close()
    },
  }
}

/** Asking for the key makes the cluster client find out where its slot is now. */
async function ownerOf(link: Link, channel: string, span: Span): Promise<RedisClientLike> {
  const [outcome] = await link.send([{ name: 'exists', args: [channel] }], span)
  if (outcome?.error) throw outcome.error
  const owner = masterOf(link.connection as ClusterConnection, slotOf(channel))
  if (!owner) throw unexpected()
  return owner
}
