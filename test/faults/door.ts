/** Where a client goes: each attempt to the next node, whether it is there or not. */
import type { NodeProcess } from './node.ts'

export interface Door {
  /** The address for an attempt. */
  url(): string
  /** Whether the node of the last attempt was killed: its sessions live on until T, and not g. */
  nodeDied(): boolean
  /** Whether that node cannot be held to anything. */
  isExcused(): boolean
}

/** Nothing is promised of those who came to a node since then; monotonic. */
export interface Excuse {
  readonly place: number
  readonly since: number
}

export function createDoor(
  nodes: () => readonly NodeProcess[],
  first: number,
  excuse: () => Excuse | null,
): Door {
  let attempt = first
  let place = first
  let node: NodeProcess | undefined
  let cameAt = Number.NEGATIVE_INFINITY
  return {
    url() {
      place = attempt++ % nodes().length
      node = nodes()[place]
      cameAt = performance.now()
      return `ws://127.0.0.1:${node?.port ?? 0}`
    },
    nodeDied: () => node?.alive === false,
    isExcused() {
      const excused = excuse()
      return excused?.place === place && cameAt >= excused.since
    },
  }
}
