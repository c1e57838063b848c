/** A storage over a database: what presencekit asks, as transactions with a bounded wait. */
import type { BusAdapter, StorageAdapter } from 'presencekit/server'
import type { Database, Tables } from './database.ts'
import { claim, discharge, enlist, flush, release } from './nodes.ts'
import { epochOf, isLate, readRecord, swapRecord } from './records.ts'

/** Longer than a transaction ever takes. */
const TIMEOUT_MS = 2_000

export function databaseStorage(database: Database, timeoutMs = TIMEOUT_MS): StorageAdapter {
  let greatestEpoch = 0
  let isClosed = false
  let listens = 0
  let stopListening = (): void => {}

  const bounded = async <T>(call: () => Promise<T>): Promise<T> => {
    if (isClosed) throw new Error('The storage is closed')
    const { promise: timeout, cancel } = failAfter(timeoutMs)
    return Promise.race([call(), timeout]).finally(cancel)
  }
  const inOneStep = <T>(work: (tables: Tables, now: number) => T): Promise<T> =>
    bounded(() =>
      database.transaction((tables, now) => {
        greatestEpoch = Math.max(greatestEpoch, tables.epoch)
        return work(tables, now)
      }),
    )

  const bus: BusAdapter = {
    async listen(address, onMessage) {
      stopListening()
      const mine = ++listens
      const stop = await bounded(() =>
        database.listen(address, (text) => {
          try {
            if (mine === listens) onMessage(text)
          } catch {
            // What a listener throws is its own affair.
          }
        }),
      )
      // Another call, or the end, may have come first.
      if (mine === listens) stopListening = stop
      else stop()
    },
    publish: (address, message) => bounded(() => database.notify(address, message)),
  }

  return {
    // A transaction that hangs, and one that finds the way again.
    recoveryMs: 2 * timeoutMs,
    read: (ids) => inOneStep((tables, now) => ({ now, records: ids.map((id) => readRecord(tables, id)) })),
    swap: (swaps, stamp) =>
      inOneStep((tables, now) => {
        if (isLate(now, stamp)) return { now, results: swaps.map(() => 'late' as const) }
        greatestEpoch = epochOf(tables, now, greatestEpoch)
        return { now, results: swaps.map((swap) => swapRecord(tables, swap)) }
      }),
    nodes: {
      flush: (call) =>
        inOneStep((tables, now) => {
          greatestEpoch = epochOf(tables, now, greatestEpoch)
          const flushedBefore = tables.nodes.get(call.incarnation)?.flushedAt ?? 0
          const outcome = flush(tables, now, call)
          const sessions = tables.nodes.get(call.incarnation)?.sessions.size ?? 0
          const nodes = [...tables.nodes].map(([incarnation, { leaseUntil }]) => ({
            incarnation,
            leaseUntil,
          }))
          return { now, outcome, flushedBefore, sessions, epoch: greatestEpoch, nodes }
        }),
      enlist: (...args) => inOneStep((tables, now) => ({ now, outcome: enlist(tables, now, ...args) })),
      claim: (call) => inOneStep((tables, now) => claim(tables, now, call)),
      discharge: (...args) => inOneStep((tables, now) => ({ now, outcome: discharge(tables, now, args) })),
      release: (incarnation) =>
        inOneStep((tables) => {
          release(tables, incarnation)
        }),
    },
    bus,
    close() {
      isClosed = true
      listens++
      stopListening()
    },
  }
}

function failAfter(timeoutMs: number): { promise: Promise<never>; cancel: () => void } {
  let cancel = (): void => {}
  const promise = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`The database did not answer within ${timeoutMs} ms`))
    }, timeoutMs)
    cancel = () => {
      clearTimeout(timer)
    }
  })
  return { promise, cancel }
}
