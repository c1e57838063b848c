/** The storage of this example as the suites are given it. */
import { setTimeout as wait } from 'node:timers/promises'
import type { StorageSuiteOptions } from 'presencekit/testing'
import { createDatabase } from './database.ts'
import { databaseStorage } from './storage.ts'

const TIMEOUT_MS = 50

export const options: StorageSuiteOptions = {
  // What can be done to the storage; the suite leaves out what cannot.
  supports: { nodes: true, wipe: true, breakDown: true },
  // Within this time every call is over, and every message has arrived.
  settleMs: 500,
  // A storage with nothing in it, for one case.
  open() {
    const database = createDatabase()
    return {
      connect: () => databaseStorage(database, TIMEOUT_MS),
      advance: (durationMs) => wait(durationMs),
      wipe: () => {
        database.loseEverything()
      },
      breakDown: () => {
        database.fallSilent()
      },
    }
  },
}
