/** The façade: the only file here that wires. */
import { systemClock } from '../../core/clock.ts'
import type { BusAdapter } from '../storage/bus.ts'
import type { ReadReply, Stamp, StorageAdapter, Swap, SwapReply } from '../storage/contract.ts'
import type { NodeDirectory } from '../storage/nodes.ts'
import { createBus } from './bus.ts'
import { addressOfMaster, isCluster } from './client.ts'
import { createDirectory } from './directory.ts'
import { createDrift, noDrift } from './drift.ts'
import { createEpochs } from './epochs.ts'
import { createKeys } from './keys.ts'
import { createLayoutCheck } from './layout.ts'
import { openLink, type Span } from './link.ts'
import { type RedisStorageOptions, resolveOptions } from './options.ts'
import { createRead } from './read.ts'
import { createAsker } from './stamped.ts'
import { createSwap } from './swap.ts'

/** A storage in Redis: records, the directory of nodes, and the bus. */
export interface RedisStorage extends StorageAdapter {
  readonly nodes: NodeDirectory
  readonly bus: BusAdapter
  read(ids: readonly string[]): Promise<ReadReply>
  swap(swaps: readonly Swap[], stamp: Stamp): Promise<SwapReply>
  /** Ends its connections; nothing arrives any more, and every call is refused. */
  close(): Promise<void>
}

/**
 * Keeps presence in Redis, for one node or many: on one Redis, behind Sentinels, or in a Redis Cluster.
 *
 * It makes its own connections from `client`: one for commands, one for messages. Every call is over after
 * `commandTimeoutMs`; one that failed may have been carried out. What is online comes back by itself when Redis loses its
 * data; last seen of those who are away does not, so give Redis persistence if that matters, and `noeviction` in any case.
 * In a cluster messages go by sharded Pub/Sub: that needs Redis 7 or Valkey.
 *
 * @throws `PresenceError` `CONFIG` for an option that cannot be. Calls reject with `TIMEOUT`, with `UNAVAILABLE`
 * (its `cause` is ioredis' error), with `CLOSED` after `close`, and with `CONFIG` where `prefix` holds keys of another layout.
 */
export function redisStorage(options: RedisStorageOptions): RedisStorage {
  const { client, prefix, commandTimeoutMs, retainLastSeenMs } = resolveOptions(options)
  const clock = systemClock
  const isTogether = !isCluster(client)
  const keys = createKeys(prefix)
  const link = openLink(client, commandTimeoutMs, clock)
  const drift = isTogether
    ? noDrift
    : createDrift(link, keys, (slot) => addressOfMaster(link.connection, slot))
  const asker = createAsker(link, drift)
  const epochs = createEpochs(link, isTogether ? [keys.epochs] : keys.epochs.map((key) => [key]), drift)
  const read = createRead(link, epochs, keys, isTogether)
  const swap = createSwap(asker, epochs, keys, isTogether, retainLastSeenMs)
  const directory = createDirectory(link, asker, epochs, keys)
  const bus = createBus(client, link, keys, commandTimeoutMs, clock)
  const checkLayout = createLayoutCheck(link, keys)

  const begin = async (): Promise<Span> => {
    const span = link.begin()
    await checkLayout(span)
    return span
  }
  const nodes: NodeDirectory = {
    flush: async (flush) => directory.flush(await begin(), flush),
    enlist: async (...args) => directory.enlist(await begin(), ...args),
    claim: async (claim) => directory.claim(await begin(), claim),
    discharge: async (...args) => directory.discharge(await begin(), ...args),
    release: async (incarnation) => directory.release(await begin(), incarnation),
  }
  return {
    // Two commands may have to time out, and then the longest wait before the next connection.
    recoveryMs: 3 * commandTimeoutMs,
    nodes,
    bus: bus.adapter,
    read: async (ids) => read(ids, await begin()),
    swap: async (swaps, stamp) => swap(swaps, stamp, await begin()),
    async close() {
      await Promise.all([bus.close(), link.close()])
    },
  }
}
