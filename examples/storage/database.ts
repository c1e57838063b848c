/**
 * Stands for a database of yours: transactions that are carried out in one step, one clock, notifications. This one is a
 * few maps behind a turn of the event loop, and can lose its data or fall silent, so that the example can be tried.
 */

/** The row of a node. */
export interface NodeRow {
  leaseUntil: number
  flushedAt: number
  /** User by session. */
  readonly sessions: Map<string, string>
  /** When a silent session was last heard of. */
  silent: ReadonlyMap<string, number>
  claimedBy: string | null
  claimedUntil: number
}

/** What the database holds. */
export interface Tables {
  /** 0: none yet, or it was lost. */
  epoch: number
  /** Version and record as text, by user. */
  readonly records: Map<string, string>
  readonly nodes: Map<string, NodeRow>
}

/** What the adapter needs of it. */
export interface Database {
  /** Runs `work` on the tables in one step. `now` is the database's clock at that moment. */
  transaction<T>(work: (tables: Tables, now: number) => T): Promise<T>
  notify(channel: string, text: string): Promise<void>
  /** Returns what ends it. */
  listen(channel: string, onText: (text: string) => void): Promise<() => void>
}

/** A database, and what can befall it. */
export interface FragileDatabase extends Database {
  loseEverything(): void
  /** From now on nothing is answered. */
  fallSilent(): void
}

export function createDatabase(): FragileDatabase {
  const empty = (): Tables => ({ epoch: 0, records: new Map(), nodes: new Map() })
  const channels = new Map<string, Set<(text: string) => void>>()
  let tables = empty()
  let isSilent = false
  const answer = async (): Promise<void> => {
    await new Promise(setImmediate)
    if (isSilent) await new Promise<never>(() => {})
  }
  return {
    async transaction(work) {
      await answer()
      return work(tables, Date.now())
    },
    async notify(channel, text) {
      await answer()
      for (const onText of channels.get(channel) ?? []) setImmediate(onText, text)
    },
    async listen(channel, onText) {
      await answer()
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(onText))
      return () => void listeners.delete(onText)
    },
    loseEverything() {
      tables = empty()
    },
    fallSilent() {
      isSilent = true
    },
  }
}
