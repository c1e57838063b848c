import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { systemClock } from '../../core/clock.ts'
import { type FormatLastSeenOptions, formatLastSeen } from '../../core/last-seen.ts'
import type { Presence } from '../../core/model.ts'
import type { PresenceClient } from '../api.ts'
import { unknownPresence } from '../machine/records.ts'
import { useClient } from './provider.ts'
import { look, watch } from './watch.ts'

/** How {@link useLastSeen} writes; the instant to write from is the server's. */
export type UseLastSeenOptions = Omit<FormatLastSeenOptions, 'now'>

/** The words change at midnight, and everywhere on earth midnight is at a quarter of an hour. */
const QUARTER_MS = 900_000

/**
 * A user's presence in words: `online`, `last seen today at 14:05`; empty where nothing is known. Renders again when
 * the words change, at midnight too. A locale or time zone that does not exist gives the environment's.
 */
export function useLastSeen(userId: string, { locale, timeZone, words }: UseLastSeenOptions = {}): string {
  const client = useClient()
  const read = useMemo(() => {
    const options = { ...(locale && { locale }), ...(timeZone && { timeZone }), ...(words && { words }) }
    return createReader(client, userId, options)
  }, [client, userId, locale, timeZone, words])
  const subscribe = useCallback(
    (onChange: () => void) => {
      const unwatch = watch(client, [userId], onChange)
      const stop = everyQuarter(client, onChange)
      return () => {
        unwatch()
        stop()
      }
    },
    [client, userId],
  )
  return useSyncExternalStore(subscribe, read, () => '')
}

/** Writes only when the presence or the quarter of an hour is another one: `Intl` takes its time. */
function createReader(
  client: PresenceClient | null,
  userId: string,
  options: UseLastSeenOptions,
): () => string {
  const unknown = unknownPresence(userId)
  let last: { readonly presence: Presence; readonly quarter: number; readonly text: string } | null = null
  return () => {
    const presence = look(client, userId, unknown)
    const now = timeOf(client)
    const quarter = Math.floor(now / QUARTER_MS)
    if (last?.presence !== presence || last.quarter !== quarter) {
      last = { presence, quarter, text: write(presence, now, options) }
    }
    return last.text
  }
}

function write(presence: Presence, now: number, options: UseLastSeenOptions): string {
  try {
    return formatLastSeen(presence, { ...options, now })
  } catch {
    return formatLastSeen(presence, { now })
  }
}

function everyQuarter(client: PresenceClient | null, callback: () => void): () => void {
  let stop = (): void => undefined
  const wait = (): void => {
    stop = systemClock.setTimer(QUARTER_MS - (timeOf(client) % QUARTER_MS), () => {
      callback()
      wait()
    })
  }
  if (client) wait()
  return () => stop()
}

function timeOf(client: PresenceClient | null): number {
  return client ? client.serverTime() : systemClock.time()
}
