/** What is due when: a binary heap in the order of (time, insertion). Knows nothing of clocks. */

/** Something that waits for its time. */
export interface Entry {
  readonly dueAt: number
  readonly sequence: number
  /** `null` once it ran or was cancelled. */
  callback: (() => void) | null
  /** Comes from outside of the process (a frame), and is no timer of it. */
  readonly arrival: boolean
}

/** Cancelled entries stay until they fall due, or until there may be this many and half are such. */
const SWEEP_FROM = 1_024

/** A queue of entries. */
export interface TimerQueue {
  add(dueAt: number, callback: () => void, arrival: boolean): Entry
  cancel(entry: Entry): void
  /** The first that still waits, left in place. */
  peek(): Entry | undefined
  /** All that wait, in no order. */
  waiting(): Entry[]
  /** How many are kept, those that were cancelled included. */
  size(): number
}

/** Makes an empty queue. */
export function createTimerQueue(): TimerQueue {
  let heap: Entry[] = []
  let sequence = 0
  let cancelledSinceSweep = 0

  const waiting = (): Entry[] => heap.filter(({ callback }) => callback !== null)
  const sweep = (): void => {
    // A sorted array is a heap.
    heap = waiting().sort((a, b) => (isBefore(a, b) ? -1 : 1))
    cancelledSinceSweep = 0
  }
  return {
    add(dueAt, callback, arrival) {
      const entry: Entry = { dueAt, sequence: sequence++, callback, arrival }
      heap.push(entry)
      siftUp(heap)
      return entry
    },
    cancel(entry) {
      if (entry.callback === null) return
      entry.callback = null
      if (++cancelledSinceSweep >= Math.max(SWEEP_FROM, heap.length / 2)) sweep()
    },
    peek() {
      while (heap[0]?.callback === null) removeFirst(heap)
      return heap[0]
    },
    waiting,
    size: () => heap.length,
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.sequence < b.sequence)
}

function siftUp(heap: Entry[]): void {
  let index = heap.length - 1
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!isBefore(heap[index] as Entry, heap[parent] as Entry)) return
    swap(heap, index, parent)
    index = parent
  }
}

function removeFirst(heap: Entry[]): void {
  const last = heap.pop() as Entry
  if (heap.length === 0) return
  heap[0] = last
  let index = 0
  for (;;) {
    const child = firstChild(heap, index)
    if (child === null || !isBefore(heap[child] as Entry, heap[index] as Entry)) return
    swap(heap, index, child)
    index = child
  }
}

function firstChild(heap: readonly Entry[], index: number): number | null {
  const left = heap[2 * index + 1]
  const right = heap[2 * index + 2]
  if (!left) return null
  return right && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1
}

function swap(heap: Entry[], a: number, b: number): void {
  const entry = heap[a] as Entry
  heap[a] = heap[b] as Entry
  heap[b] = entry
}
