/** What the tests of the Redis storage share: both versions of ioredis, records, and the few steps that all of them take. */
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import type { UserRecord } from '../../src/core/record.ts'
import type { RedisClientLike, RedisStorage } from '../../src/server/redis/index.ts'
import type { Stamp, StoredRecord } from '../../src/server/storage/contract.ts'
import type { Flush } from '../../src/server/storage/nodes.ts'

/** A client of the application, as a test makes and ends it. */
export interface TestClient extends RedisClientLike {
  readonly status: string
  disconnect(): void
}

/** How each version makes clients. */
export interface Version {
  readonly name: string
  single(options: object): TestClient
  cluster(nodes: readonly { host: string; port: number }[], options?: object): TestClient
}

export const VERSIONS: readonly Version[] = [
  {
    name: 'ioredis 6',
    single: (options) => new Redis6({ lazyConnect: true, ...options }),
    cluster: (nodes, options) => new Cluster6([...nodes], { lazyConnect: true, ...options }),
  },
  {
    name: 'ioredis 5',
    single: (options) => new Redis5({ lazyConnect: true, ...options }),
    cluster: (nodes, options) => new Cluster5([...nodes], { lazyConnect: true, ...options }),
  },
]

/** A stamp that is never late. */
export const ALWAYS: Stamp = Object.freeze({ sentAt: 0, toleranceMs: Number.POSITIVE_INFINITY })

export const OFFLINE: UserRecord = {
  sessions: [],
  choice: null,
  lastSeen: 1_700_000_000_000,
  lastSeenAccuracy: 'exact',
  reason: 'leave',
}

export const ONLINE: UserRecord = {
  sessions: [{ id: 's1', node: 'n.1', activity: 'online' }],
  choice: { status: 'busy', text: 'at | "work"', until: null },
  lastSeen: null,
  lastSeenAccuracy: null,
  reason: null,
}

/** What stands there for one user. */
export async function readOne(storage: RedisStorage, id: string): Promise<StoredRecord | null> {
  const { records } = await storage.read([id])
  return records[0] ?? null
}

/** Writes a record, whatever stands there, and gives it as it stands then. */
export async function put(storage: RedisStorage, id: string, record: UserRecord): Promise<StoredRecord> {
  let stands = await readOne(storage, id)
  for (let attempt = 0; attempt < 5; attempt++) {
    if (!stands) throw new Error(`${JSON.stringify(id)} cannot be read`)
    const version = stands.version + 1
    const { results } = await storage.swap([{ id, expected: stands, version, record }], ALWAYS)
    const [result] = results
    if (result === 'done') return { epoch: stands.epoch, version, record }
    if (typeof result !== 'object') throw new Error(`Not swapped: ${String(result)}`)
    stands = result
  }
  throw new Error('Not swapped after five attempts')
}

/** A flush of an incarnation. */
export function flushOf(incarnation: string, more: Partial<Flush> = {}): Flush {
  return { incarnation, first: false, leaseMs: 5_000, silent: [], gone: [], ...ALWAYS, ...more }
}

/** Why a promise was rejected, and after how long. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<{ code: unknown; afterMs: number }> {
  const startedAt = performance.now()
  try {
    await promise
  } catch (error) {
    return { code: (error as { code?: unknown }).code, afterMs: performance.now() - startedAt }
  }
  throw new Error('It did not fail')
}
