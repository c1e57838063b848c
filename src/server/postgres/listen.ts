/**
 * LISTEN on a connection of its own, made again as often as that breaks. What was told meanwhile is lost, so each time it
 * hears again anything may have changed.
 */
import { backoffDelay } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import type { PresenceError } from '../../core/errors.ts'
import type { PostgresClientLike, PostgresPoolLike } from './client.ts'
import { asPresenceError, within } from './in-time.ts'
import type { ListeningOptions } from './listening-options.ts'
import { quoteName } from './names.ts'

/** Waits before it is tried again. */
const BACK_OFF = { minDelayMs: 100, maxDelayMs: 10_000 }

interface ListenSource extends Pick<ListeningOptions, 'listenClient' | 'onListenError'> {
  readonly pool: PostgresPoolLike
  readonly channel: string
  /** In this time a connection is made, and answers. */
  readonly timeoutMs: number
  readonly clock: Clock
}

/** The `onChange` of an adapter; left out where nobody is to listen. */
export function onChangeOf({ channel, ...source }: Omit<ListenSource, 'channel'> & ListeningOptions): {
  onChange?(listener: (userId: string | null) => void): () => void
} {
  if (channel === undefined || channel === false) return {}
  return { onChange: (listener) => listen({ ...source, channel }, listener) }
}

/** A connection, and how it is ended. */
interface Ear {
  readonly client: Pick<PostgresClientLike, 'query' | 'on'>
  end(): void
}

/**
 * Calls the listener with each id that is told, and with `null` as often as it begins to hear.
 *
 * @returns what stops it
 */
function listen(source: ListenSource, listener: (userId: string | null) => void): () => void {
  const { channel, timeoutMs, clock } = source
  let ear: Ear | null = null
  let isStopped = false
  let cancelTimer = (): void => {}
  let failures = 0

  const tell = (payload: string): void => {
    try {
      listener(payload === '' ? null : payload)
    } catch {
      // What the listener throws is none of the database's business, and must not end the connection.
    }
  }

  const lose = (lost: Ear | null, error: unknown): void => {
    if (isStopped || ear !== lost) return
    ear = null
    lost?.end()
    cancelTimer()
    report(source, asPresenceError(error))
    cancelTimer = clock.setTimer(backoffDelay(BACK_OFF, failures++, clock.random()), begin)
  }

  const attempt = async (): Promise<void> => {
    const opened = await openEar(source)
    if (isStopped) {
      opened.end()
      return
    }
    ear = opened
    const { client } = opened
    client.on('error', (error) => lose(opened, error))
    client.on('end', () => lose(opened, new Error('the connection to listen with was ended')))
    client.on('notification', (message) => {
      if (ear === opened) tell((message as { readonly payload?: string }).payload ?? '')
    })
    try {
      await within(
        client.query({ text: `LISTEN ${quoteName('channel', channel)}` }),
        clock.now() + timeoutMs,
        clock,
      )
    } catch (error) {
      lose(opened, error)
      return
    }
    if (ear !== opened) return
    tell('')
    keepAsking(opened)
  }

  /** Whoever only listens never learns that the other end is gone. */
  const keepAsking = (opened: Ear): void => {
    cancelTimer = clock.setTimer(timeoutMs, () => {
      within(opened.client.query({ text: 'SELECT 1' }), clock.now() + timeoutMs, clock).then(
        () => {
          // Only one that holds is a success: others must not be made again and again without a wait.
          failures = 0
          if (ear === opened) keepAsking(opened)
        },
        (error: unknown) => lose(opened, error),
      )
    })
  }

  const begin = (): void => {
    attempt().catch((error: unknown) => lose(null, error))
  }

  begin()
  return () => {
    isStopped = true
    cancelTimer()
    ear?.end()
    ear = null
  }
}

async function openEar({ pool, listenClient, timeoutMs, clock }: ListenSource): Promise<Ear> {
  const opening = listenClient ? open(listenClient) : borrow(pool)
  try {
    return await within(opening, clock.now() + timeoutMs, clock)
  } catch (error) {
    opening.then(
      (late) => late.end(),
      () => {},
    )
    throw error
  }
}

async function open(listenClient: NonNullable<ListeningOptions['listenClient']>): Promise<Ear> {
  const client = await listenClient()
  return {
    client,
    end() {
      client.end().catch(() => {})
    },
  }
}

async function borrow(pool: PostgresPoolLike): Promise<Ear> {
  const client = await pool.connect()
  // Never back to the others: it listens.
  return { client, end: () => client.release(true) }
}

function report({ onListenError }: ListenSource, error: PresenceError): void {
  try {
    onListenError?.(error)
  } catch {
    // There is nobody left to tell.
  }
}
