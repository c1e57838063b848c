/**
 * What the server is to watch for us, against what it has been asked to. Only the difference travels, gathered for
 * a moment and cut into frames that the server takes; so a wish and its end within that moment cost nothing.
 */
import { utf8Length } from '../../core/ids.ts'
import { DEFAULT_LIMITS } from '../../core/limits.ts'
import { ROSTER } from './roster.ts'

/** Wishes, by key: a user id, or {@link ROSTER}. Changed in place. */
export interface WatchList {
  readonly batchMs: number
  readonly wanted: Set<string>
  /** What this connection has been asked for. */
  readonly asked: Set<string>
  /** The difference of the two, less what has failed; and whom to ask for anew. */
  readonly changed: Set<string>
  /** Keys that the server could not answer for; they are changed again at `retryAt`. */
  readonly failed: Set<string>
  retryAt: number
  /** When the changes may travel. */
  flushAt: number
}

/** The next frames: whom to watch, and whom no more. Each as many as one frame holds. */
export interface WatchBatch {
  readonly watch: readonly string[]
  readonly unwatch: readonly string[]
}

/** Room for what surrounds the ids in a frame, envelope of a shared socket included. */
const FRAME_OVERHEAD_BYTES = 256
const BATCH_BYTES = DEFAULT_LIMITS.frameBytes - FRAME_OVERHEAD_BYTES

/** Nothing is wanted, nothing is asked for. */
export function createWatchList(batchMs: number): WatchList {
  return {
    batchMs,
    wanted: new Set(),
    asked: new Set(),
    changed: new Set(),
    failed: new Set(),
    retryAt: Infinity,
    flushAt: Infinity,
  }
}

/** Wants a key watched, or no more. */
export function want(list: WatchList, key: string, wanted: boolean, now: number): void {
  if (wanted) list.wanted.add(key)
  else list.wanted.delete(key)
  list.failed.delete(key)
  if (wanted === list.asked.has(key)) {
    // An end that has not travelled: what the server told until then was let go of, so it is asked for anew.
    if (!wanted) list.changed.delete(key)
    return
  }
  list.changed.add(key)
  list.flushAt = Math.min(list.flushAt, now + list.batchMs)
}

/** On a new connection everything has to be asked for again, at once. */
export function askAgain(list: WatchList): void {
  list.asked.clear()
  list.failed.clear()
  list.changed.clear()
  for (const key of list.wanted) list.changed.add(key)
  list.retryAt = Infinity
  list.flushAt = -Infinity
}

/** These were asked for in vain. `retryAt`: when to ask again; `null`: when somebody wants them anew. */
export function unask(list: WatchList, keys: readonly string[], retryAt: number | null): void {
  for (const key of keys) {
    list.asked.delete(key)
    list.changed.delete(key)
    if (retryAt === null) list.wanted.delete(key)
    else if (list.wanted.has(key)) list.failed.add(key)
  }
  if (retryAt !== null) list.retryAt = Math.min(list.retryAt, retryAt)
}

/** When the list has something to say. */
export function watchListDueAt({ changed, flushAt, failed, retryAt }: WatchList): number {
  return Math.min(changed.size > 0 ? flushAt : Infinity, failed.size > 0 ? retryAt : Infinity)
}

/** Takes the next batch, if it is time for one. The roster has a frame of its own. */
export function takeBatch(list: WatchList, now: number): WatchBatch | null {
  const { wanted, asked, changed } = list
  if (now >= list.retryAt) retryFailed(list, now)
  if (changed.size === 0 || now < list.flushAt) return null
  const watch = createChunk()
  const unwatch = createChunk()
  for (const key of changed.has(ROSTER) ? [ROSTER] : changed) {
    if (!(wanted.has(key) ? watch : unwatch).add(key)) break
    changed.delete(key)
    if (wanted.has(key)) asked.add(key)
    else asked.delete(key)
  }
  if (changed.size === 0) list.flushAt = Infinity
  return { watch: watch.keys, unwatch: unwatch.keys }
}

/** Cuts ids into as many lists as frames are needed. */
export function chunksOf(ids: Iterable<string>): string[][] {
  let chunk = createChunk()
  const chunks = [chunk.keys]
  for (const id of ids) {
    if (chunk.add(id)) continue
    chunk = createChunk()
    chunk.add(id)
    chunks.push(chunk.keys)
  }
  return chunks
}

function retryFailed(list: WatchList, now: number): void {
  for (const key of list.failed) list.changed.add(key)
  list.failed.clear()
  list.retryAt = Infinity
  list.flushAt = Math.min(list.flushAt, now)
}

function createChunk(): { readonly keys: string[]; add(key: string): boolean } {
  const keys: string[] = []
  let bytes = 0
  return {
    keys,
    /** Whether it still fits; the first always does. */
    add(key) {
      bytes += utf8Length(JSON.stringify(key)) + 1
      const fits = bytes <= BATCH_BYTES || keys.length === 0
      if (fits) keys.push(key)
      return fits
    },
  }
}
