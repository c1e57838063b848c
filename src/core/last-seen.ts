/** "last seen today at 14:05": a presence in words, localised by `Intl`. */
import { systemClock } from './clock.ts'
import type { LastSeenAccuracy, Presence } from './model.ts'

/** The words around the date and time; those are given by `Intl` in the locale. */
export interface LastSeenWords {
  /** For `online`. */
  readonly online: string
  /** For `away`. */
  readonly away: string
  /** For `busy`. */
  readonly busy: string
  /** For a user who is offline and was never seen, or does not show when. */
  readonly offline: string
  /** For a user of whom nothing may or can be said. */
  readonly unknown: string
  /** `{when}` stands for the day and the time. */
  readonly lastSeen: string
  /** For a last seen that is only told as recent. */
  readonly recently: string
  /** For one that is only told to lie within a week. */
  readonly week: string
  /** For one that is only told to lie within a month. */
  readonly month: string
}

/** English; other languages bring theirs as `words`. */
const ENGLISH: LastSeenWords = {
  online: 'online',
  away: 'away',
  busy: 'busy',
  offline: 'offline',
  unknown: '',
  lastSeen: 'last seen {when}',
  recently: 'last seen recently',
  week: 'last seen within a week',
  month: 'last seen within a month',
}

/** How {@link formatLastSeen} writes. */
export interface FormatLastSeenOptions {
  /** The instant to write from, epoch milliseconds; give `client.serverTime()`. @defaultValue this machine's clock */
  readonly now?: number
  /** BCP 47. @defaultValue the environment's */
  readonly locale?: string | readonly string[]
  /** IANA name. @defaultValue the environment's */
  readonly timeZone?: string
  /** Words for another language, all or some. @defaultValue English */
  readonly words?: Partial<LastSeenWords>
}

const DAY_MS = 86_400_000

/**
 * Writes a presence in words: `online`, `last seen today at 14:05`, `last seen recently`; an empty string where
 * nothing is known.
 *
 * @throws RangeError from `Intl` for a locale or time zone that does not exist
 */
export function formatLastSeen(
  presence: Pick<Presence, 'status' | 'lastSeen' | 'lastSeenAccuracy'>,
  { now = systemClock.time(), locale, timeZone, words }: FormatLastSeenOptions = {},
): string {
  const say = { ...ENGLISH, ...words }
  const { status, lastSeen, lastSeenAccuracy } = presence
  if (status !== 'offline') return say[status]
  if (isBucket(lastSeenAccuracy)) return say[lastSeenAccuracy]
  if (lastSeen === null) return say.offline
  return say.lastSeen.replace('{when}', () => when(Math.min(lastSeen, now), now, locale, timeZone))
}

function isBucket(accuracy: LastSeenAccuracy | null): accuracy is 'recently' | 'week' | 'month' {
  return accuracy === 'recently' || accuracy === 'week' || accuracy === 'month'
}

function when(
  at: number,
  now: number,
  locale: FormatLastSeenOptions['locale'],
  timeZone: string | undefined,
): string {
  const zone = timeZone === undefined ? {} : { timeZone }
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale as string, { ...options, ...zone })
  const days = dayNumber(now, zone) - dayNumber(at, zone)
  const date = format({ dateStyle: 'long' })
  if (days >= 7) return date.format(at)
  const day =
    days < 2
      ? new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-days, 'day')
      : format({ weekday: 'long' }).format(at)
  const both = format({ dateStyle: 'long', timeStyle: 'short' }).formatToParts(at)
  return `${day}${connector(both, date.formatToParts(at))}${format({ timeStyle: 'short' }).format(at)}`
}

/** The calendar day that an instant lies on in a time zone, counted from the epoch. */
function dayNumber(at: number, zone: { readonly timeZone?: string }): number {
  const parts = new Intl.DateTimeFormat('en', { year: 'numeric', month: 'numeric', day: 'numeric', ...zone })
  const field = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(field.year ?? 0, (field.month ?? 1) - 1, field.day ?? 1) / DAY_MS
}

/** What the locale writes between a date and a time: " at ", " um ", " à "; without what belongs to the date ("日", "г."). */
function connector(
  both: readonly Intl.DateTimeFormatPart[],
  date: readonly Intl.DateTimeFormatPart[],
): string {
  const hour = both.findIndex(({ type }) => type === 'hour')
  const time = both[hour - 2]?.type === 'dayPeriod' ? hour - 2 : hour
  const between = both[time - 1]
  if (between?.type !== 'literal' || time < 3) return ' '
  const tail = date.at(-1)
  const belongsToDate = tail?.type === 'literal' && between.value.startsWith(tail.value)
  return (belongsToDate ? between.value.slice(tail.value.length) : between.value) || ' '
}
