/** Many users in few commands: on a cluster one bucket at a time, on one Redis all together; not too many at once. */
import { bucketOf, type Keys } from './keys.ts'
import { slotOf } from './slot.ts'

/** Users whose records go into one command. */
export interface Group {
  readonly slot: number
  /** First the epochs of the buckets, so many; then the records. */
  readonly keys: readonly string[]
  readonly epochs: number
  /** In the order of the records: the place in what was asked, and that of the bucket's epoch among the keys. */
  readonly members: readonly { readonly place: number; readonly bucket: number }[]
}

/** @param isTogether - whether keys of several buckets may go into one command */
export function groupUsers(
  ids: readonly string[],
  keys: Keys,
  isTogether: boolean,
  most: number,
): readonly Group[] {
  const groups = new Map<number, number[][]>()
  const buckets = ids.map(bucketOf)
  for (const [place, bucket] of buckets.entries()) {
    const key = isTogether ? 0 : bucket
    const chunks = groups.get(key) ?? [[]]
    if ((chunks.at(-1)?.length ?? most) >= most) chunks.push([])
    chunks.at(-1)?.push(place)
    groups.set(key, chunks)
  }
  return [...groups.values()].flat().map((places) => groupOf(places, ids, buckets, keys))
}

/** One answer for each user, in the order asked, from those of the groups. */
export function ungroup<T>(
  groups: readonly Group[],
  count: number,
  answer: (group: number, member: number) => T,
): T[] {
  const all: T[] = Array.from({ length: count })
  for (const [index, { members }] of groups.entries()) {
    for (const [member, { place }] of members.entries()) all[place] = answer(index, member)
  }
  return all
}

function groupOf(
  places: readonly number[],
  ids: readonly string[],
  buckets: readonly number[],
  keys: Keys,
): Group {
  const epochs: string[] = []
  const placeOf = new Map<number, number>()
  const records: string[] = []
  const members = places.map((place) => {
    const bucket = buckets[place] ?? 0
    let at = placeOf.get(bucket)
    if (at === undefined) {
      at = epochs.push(keys.epochs[bucket] ?? '') - 1
      placeOf.set(bucket, at)
    }
    records.push(keys.record(bucket, ids[place] ?? ''))
    return { place, bucket: at }
  })
  return { slot: slotOf(epochs[0] ?? ''), keys: [...epochs, ...records], epochs: epochs.length, members }
}
