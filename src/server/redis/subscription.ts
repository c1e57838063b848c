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
  let cancelTimer = (): void => {}

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
    const span = { startedAt, until: startedAt + timeoutMs }
    const opened = await source.open(span)
    if (isClosed) throw new PresenceError('CLOSED', 'The subscription was ended')
    connection = opened
    opened.on(source.event, hear)
    await hearOn(opened, source, span, clock)
    opened.on('end', () => {
      retry(1)
    })
    for (const event of LOST) {
      opened.on(event, () => {
        opened.disconnect()
      })
    }
    keepAsking(opened)
  }

  /** A server that hangs or is cut off ends nothing by itself; whoever gives no answer is left for another. */
  const keepAsking = (opened: Connection): void => {
    cancelTimer = clock.setTimer(timeoutMs, () => {
      opened.call('ping', []).then(
        () => {
          if (connection === opened && !isClosed) keepAsking(opened)
        },
        () => {
          opened.disconnect()
        },
      )
    })
  }

  const retry = (times: number): void => {
    cancelTimer()
    if (isClosed) return
    cancelTimer = clock.setTimer(backOff(times, timeoutMs, clock), () => {
      attempt().catch(() => {
        retry(times + 1)
      })
    })
  }

  const close = async (): Promise<void> => {
    isClosed = true
    cancelTimer()
    if (connection) await endConnection(connection, timeoutMs, clock)
  }

  const ready = attempt().catch(async (error: unknown) => {
    await close()
    throw error
  })
  return { ready, close }
}

/** Connects and subscribes, within the span; where that fails nothing of it is left. */
async function hearOn(
  opened: Connection,
  { command, channel }: SubscriptionSource,
  { until }: Span,
  clock: Clock,
): Promise<void> {
  opened.on('error', () => {})
  try {
    await within(opened.connect(), until, clock)
    await within(opened.call(command, [channel]), until, clock)
    if (opened.status !== 'ready') throw new PresenceError('UNAVAILABLE', 'The connection to Redis was lost')
  } catch (error) {
    opened.disconnect()
    throw error
  }
}
