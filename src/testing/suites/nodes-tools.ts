/** What cases ask of a directory of nodes again and again. */
import type { StorageAdapter } from '../../server/storage/contract.ts'
import type {
  Claim,
  ClaimReply,
  EntryReply,
  Flush,
  FlushReply,
  NodeDirectory,
  SessionOwner,
} from '../../server/storage/nodes.ts'
import { check, same } from './assert.ts'
import { stampOf } from './storage-tools.ts'
import type { StorageWorld } from './storage-world.ts'

/** A lease or claim that does not lapse while a case runs. */
export const LONG_MS = 600_000
/** One that lapses while a case waits for it. */
export const SHORT_MS = 50

/** A directory through one node's adapter, with all that a call needs filled in. */
export interface Directory {
  readonly storage: StorageAdapter
  readonly flush: (incarnation: string, more?: Partial<Flush>) => Promise<FlushReply>
  readonly enlist: (incarnation: string, ...sessions: string[]) => Promise<EntryReply>
  readonly claim: (incarnation: string, by: string, more?: Partial<Claim>) => Promise<ClaimReply>
  readonly discharge: (incarnation: string, by: string, ...sessions: string[]) => Promise<EntryReply>
  readonly release: (incarnation: string) => Promise<void>
}

/** Opens an adapter's directory. */
export async function openDirectory({ connect }: Pick<StorageWorld, 'connect'>): Promise<Directory> {
  const storage = await connect()
  const nodes = nodesOf(storage)
  return {
    storage,
    async flush(incarnation, more) {
      const stamp = await stampOf(storage)
      return nodes.flush({
        incarnation,
        first: false,
        leaseMs: LONG_MS,
        silent: [],
        gone: [],
        ...stamp,
        ...more,
      })
    },
    enlist: async (incarnation, ...sessions) =>
      nodes.enlist(incarnation, sessions.map(ownerOf), await stampOf(storage)),
    async claim(incarnation, by, more) {
      const stamp = await stampOf(storage)
      return nodes.claim({ incarnation, by, leaseMs: LONG_MS, ...stamp, ...more })
    },
    discharge: async (incarnation, by, ...sessions) =>
      nodes.discharge(incarnation, by, sessions, await stampOf(storage)),
    release: async (incarnation) => nodes.release(incarnation),
  }
}

/** The directory that a storage for several nodes has. */
export function nodesOf({ nodes }: StorageAdapter): NodeDirectory {
  check(nodes !== undefined, 'A storage for several nodes should have `nodes`')
  return nodes
}

/** Whose session it is, as the cases have it. */
export function ownerOf(session: string): SessionOwner {
  return { id: session, user: `user of ${session}` }
}

/** Makes an entry with sessions, and lets its lease lapse. */
export async function makeDeadEntry(
  { flush, enlist, release }: Directory,
  incarnation: string,
  ...sessions: string[]
): Promise<void> {
  same((await flush(incarnation, { first: true })).outcome, 'kept', 'The first flush')
  if (sessions.length > 0)
    same((await enlist(incarnation, ...sessions)).outcome, 'done', 'To enlist sessions')
  await release(incarnation)
}

/** The sessions of a claim, by id. */
export function sessionsOf({ sessions }: ClaimReply): ClaimReply['sessions'] {
  return [...sessions].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Whether an incarnation stands in the list. */
export function isListed({ nodes }: FlushReply, incarnation: string): boolean {
  return nodes.some((node) => node.incarnation === incarnation)
}
