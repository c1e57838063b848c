/** The ids of a source, whatever its kind: at once, later, or page by page. */
import { type Awaitable, isPromise } from '../../core/awaitable.ts'
import type { IdSource } from './contract.ts'

/**
 * Gathers ids, up to so many; a source that has more is not read on.
 *
 * @param check - throws for an id that is none
 */
export function collect(
  source: IdSource,
  most: number,
  check?: (id: string) => void,
): Awaitable<Set<string>> {
  if (isPromise(source)) return source.then((ids) => collect(ids, most, check))
  const ids = new Set<string>()
  const take = (page: Iterable<string>): boolean => {
    for (const id of page) {
      if (ids.size >= most) return false
      check?.(id)
      ids.add(id)
    }
    return true
  }
  if (Symbol.asyncIterator in source) return collectPages(source, ids, take)
  take(source)
  return ids
}

/** @param take - says whether there is room for more */
async function collectPages(
  pages: AsyncIterable<Iterable<string>>,
  ids: Set<string>,
  take: (page: Iterable<string>) => boolean,
): Promise<Set<string>> {
  for await (const page of pages) if (!take(page)) break
  return ids
}
