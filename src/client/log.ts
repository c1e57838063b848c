/** What a client has to say of its doings, to whoever cares. */
import type { PresenceLogger } from './options.ts'

/** Says something; never throws. */
export type Log = (level: keyof PresenceLogger, message: string, detail: unknown) => void

/** Says it to the application's logger, if there is one. */
export function createLog(logger: PresenceLogger | undefined): Log {
  return (level, message, detail) => {
    try {
      logger?.[level](`presencekit: ${message}`, detail)
    } catch {
      // A logger that throws must not take the connection down; there is nobody left to tell.
    }
  }
}
