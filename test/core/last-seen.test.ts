import { describe, expect, it } from 'vitest'
import { type FormatLastSeenOptions, formatLastSeen } from '../../src/core/last-seen.ts'
import type { LastSeenAccuracy } from '../../src/core/model.ts'

/** A Tuesday. */
const now = Date.UTC(2026, 10, 24, 14, 5)
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** Some versions of the locale data write a narrow no-break space before AM and PM. */
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ')

function say(lastSeen: number, options: FormatLastSeenOptions = {}): string {
  const presence = { status: 'offline', lastSeen, lastSeenAccuracy: 'exact' } as const
  return plain(formatLastSeen(presence, { now, locale: 'en-GB', timeZone: 'UTC', ...options }))
}

describe('formatLastSeen', () => {
  it.each([
    ['en-GB', 'today at 14:05', 'yesterday at 14:05', 'Saturday at 14:05', '14 November 2026'],
    ['en-US', 'today at 2:05 PM', 'yesterday at 2:05 PM', 'Saturday at 2:05 PM', 'November 14, 2026'],
    ['de', 'heute um 14:05', 'gestern um 14:05', 'Samstag um 14:05', '14. November 2026'],
    ['fr', 'aujourd’hui à 14:05', 'hier à 14:05', 'samedi à 14:05', '14 novembre 2026'],
  ])('%s: today, yesterday, weekday, date', (locale, today, yesterday, weekday, date) => {
    expect(say(now, { locale })).toBe(`last seen ${today}`)
    expect(say(now - DAY_MS, { locale })).toBe(`last seen ${yesterday}`)
    expect(say(now - 3 * DAY_MS, { locale })).toBe(`last seen ${weekday}`)
    expect(say(now - 10 * DAY_MS, { locale })).toBe(`last seen ${date}`)
  })

  it('changes from weekday to date after six days, so that no weekday can mean today', () => {
    expect(say(now - 6 * DAY_MS)).toBe('last seen Wednesday at 14:05')
    expect(say(now - 7 * DAY_MS)).toBe('last seen 17 November 2026')
  })

  it('goes by the calendar, not by hours', () => {
    const midnight = Date.UTC(2026, 10, 24)
    expect(say(midnight - 1, { now: midnight })).toBe('last seen yesterday at 23:59')
    expect(say(midnight, { now: midnight + DAY_MS - 1 })).toBe('last seen today at 00:00')
    expect(say(midnight - DAY_MS, { now: midnight + DAY_MS - 1 })).toBe('last seen yesterday at 00:00')
  })

  it('crosses the turn of a year and a leap day', () => {
    expect(say(Date.UTC(2026, 11, 31, 23, 59), { now: Date.UTC(2027, 0, 1) })).toBe(
      'last seen yesterday at 23:59',
    )
    expect(say(Date.UTC(2028, 1, 29, 9), { now: Date.UTC(2028, 2, 1, 9) })).toBe(
      'last seen yesterday at 09:00',
    )
    expect(say(Date.UTC(2027, 1, 28, 9), { now: Date.UTC(2027, 2, 1, 9) })).toBe(
      'last seen yesterday at 09:00',
    )
  })

  it('lives in the time zone that is given', () => {
    const at = Date.UTC(2026, 10, 24, 3)
    expect(say(at, { timeZone: 'UTC' })).toBe('last seen today at 03:00')
    expect(say(at, { timeZone: 'America/New_York' })).toBe('last seen yesterday at 22:00')
    expect(say(at, { timeZone: 'Asia/Kathmandu' })).toBe('last seen today at 08:45')
    expect(say(Date.UTC(2026, 10, 24, 9), { now, timeZone: 'Pacific/Kiritimati' })).toBe(
      'last seen yesterday at 23:00',
    )
    expect(say(Date.UTC(2026, 10, 24, 9), { now, timeZone: 'Pacific/Pago_Pago' })).toBe(
      'last seen yesterday at 22:00',
    )
  })

  it('counts days right over a day of 23 hours, and one of 25', () => {
    const timeZone = 'Europe/Berlin'
    // Clocks went from 02:00 to 03:00 on 29 March 2026, and from 03:00 to 02:00 on 25 October 2026.
    const afterSpring = Date.UTC(2026, 2, 29, 21, 30)
    expect(say(afterSpring - 23 * HOUR_MS, { now: afterSpring, timeZone })).toBe(
      'last seen yesterday at 23:30',
    )
    expect(say(afterSpring - 22 * HOUR_MS, { now: afterSpring, timeZone })).toBe('last seen today at 00:30')
    const afterAutumn = Date.UTC(2026, 9, 25, 22, 30)
    expect(say(afterAutumn - 24 * HOUR_MS, { now: afterAutumn, timeZone })).toBe('last seen today at 00:30')
    expect(say(afterAutumn - 24.6 * HOUR_MS, { now: afterAutumn, timeZone })).toBe(
      'last seen yesterday at 23:54',
    )
  })

  it('S6: shows nothing in the future', () => {
    expect(say(now + 3 * HOUR_MS)).toBe('last seen today at 14:05')
    expect(say(now + 400 * DAY_MS)).toBe('last seen today at 14:05')
  })

  it.each([
    ['recently', 'last seen recently'],
    ['week', 'last seen within a week'],
    ['month', 'last seen within a month'],
  ] as const)('S7: says of the bucket %s no more than its name', (lastSeenAccuracy, expected) => {
    expect(formatLastSeen({ status: 'offline', lastSeen: null, lastSeenAccuracy }, { now })).toBe(expected)
    expect(formatLastSeen({ status: 'offline', lastSeen: now, lastSeenAccuracy }, { now })).toBe(expected)
  })

  it.each(['exact', 'approximate', 'minute', null] as const)(
    'writes an instant that is %s',
    (lastSeenAccuracy) => {
      const presence = { status: 'offline' as const, lastSeen: now, lastSeenAccuracy }
      expect(formatLastSeen(presence, { now, locale: 'en-GB', timeZone: 'UTC' })).toBe(
        'last seen today at 14:05',
      )
    },
  )

  it.each([
    ['online', 'online'],
    ['away', 'away'],
    ['busy', 'busy'],
    ['unknown', ''],
  ] as const)('says %s for what it is, even if there were an instant', (status, expected) => {
    const accuracies: (LastSeenAccuracy | null)[] = [null, 'exact', 'recently']
    for (const lastSeenAccuracy of accuracies) {
      expect(formatLastSeen({ status, lastSeen: now, lastSeenAccuracy }, { now })).toBe(expected)
    }
  })

  it('says offline for whoever was never seen, or hides it', () => {
    expect(formatLastSeen({ status: 'offline', lastSeen: null, lastSeenAccuracy: null })).toBe('offline')
  })

  it('writes the first instant of all', () => {
    expect(say(0)).toBe('last seen 1 January 1970')
  })

  it('takes the words of another language, all or some, as they are', () => {
    const words = { lastSeen: 'zuletzt {when} gesehen', recently: 'kürzlich gesehen', offline: '$&' }
    expect(say(now, { locale: 'de', words })).toBe('zuletzt heute um 14:05 gesehen')
    expect(formatLastSeen({ status: 'online', lastSeen: null, lastSeenAccuracy: null }, { words })).toBe(
      'online',
    )
    expect(formatLastSeen({ status: 'offline', lastSeen: null, lastSeenAccuracy: null }, { words })).toBe(
      '$&',
    )
  })

  it('takes a list of locales, the first that is known wins', () => {
    expect(say(now, { locale: ['xx', 'de'] })).toBe('last seen heute um 14:05')
  })

  it('reads the machine’s clock where no instant is given', () => {
    const presence = { status: 'offline', lastSeen: Date.now(), lastSeenAccuracy: 'exact' } as const
    expect(formatLastSeen(presence, { locale: 'en-GB' })).toMatch(
      /^last seen (today|yesterday) at \d\d:\d\d$/,
    )
  })

  it('throws for a locale or a time zone that does not exist', () => {
    expect(() => say(now, { locale: 'not a locale' })).toThrow(RangeError)
    expect(() => say(now, { timeZone: 'Mars/Olympus' })).toThrow(RangeError)
  })
})
