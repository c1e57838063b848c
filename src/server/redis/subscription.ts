/**
 * A subscription on a connection of its own, made again as often as that breaks. ioredis' own ways are not used: they keep
 * to a server that has lost the slot, and nobody hears of a resubscription that failed.
 */
import type { Clock } from '../../core/clock.ts'
import { PresenceError } from '../../core/errors.ts'
import type { Connection } from './client.ts'
import { backOff } from './client-options.ts'
import { endConnection, type Span } from './link.ts'
import { within } from './settle.ts'

/** What to subscribe to, and where. */
export interface SubscriptionSource {
  readonly channel: string
  readonly command: 'subscribe' | 'ssubscribe'
  readonly event: 'message' | 'smessage'
  /** Makes a new connection to the server that is responsible now. */
  open(span: Span): Promise<Connection>
}

/**
 * By these a connection tells that it hears no more though it stands: its server has given the slot away and ended the
 * subscription. ioredis 6 says `moved`; ioredis 5 knows no such message and says `error`.
 */
const LOST = ['moved', 'error']

/** A subscription under way. */
export interface Subscription {
  /** Resolves when it hears; rejects where it could not be made, and then it is closed. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/** Subscribes; the first attempt has to succeed, later ones are repeated. */
export function subscribe(
  source: SubscriptionSource,
  onMessage: (message: string) => void,
  timeoutMs: number,
  clock: Clock,
): Subscription {
  let connection: Connection | undefined
  let isClosed = false
  let cancelRetry = (): void => {}

  const hear = (channel: string, message: string): void => {
    if (isClosed || channel !== source.channel) return
    try {
      onMessage(message)
    } catch {
      // What the listener throws is none of the bus' business, and must not end the connection.
    }
  }

  const attempt = async (): Promise<void> => {
    const startedAt = clock.now()
    const until = startedAt + timeoutMs
    const opened = await source.open({ startedAt, until })
    if (isClosed) throw new PresenceError('CLOSED', 'The subscription was ended')
    connection = opened
    opened.on('error', () => {})
    opened.on(source.event, hear)
    try {
      await within(opened.connect(), until, clock)
      await within(opened.call(source.command, [source.channel]), until, clock)
    } catch (error) {
      opened.disconnect()
      throw error
    }
    if (opened.status !== 'ready') throw new PresenceError('UNAVAILABLE', 'The connection to Redis was lost')
    opened.on('end', again)
    for (const event of LOST) {
      opened.on(event, () => {
        opened.disconnect()
      })
    }
  }

  const retry = (times: number): void => {
    if (isClosed) return
    cancelRetry = clock.setTimer(backOff(times, timeoutMs, clock), () => {
      attempt().catch(() => {
        retry(times + 1)
      })
    })
  }
  const again = (): void => {
    retry(1)
  }

  const close = async (): Promise<void> => {
    isClosed = true
    cancelRetry()
    if (connection) await endConnection(connection, timeoutMs, clock)
  }

  const ready = attempt().catch(async (error: unknown) => {
    await close()
    throw error
  })
  return { ready, close }
}
