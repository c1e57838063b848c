/** Times of day, on the same clock face everywhere. */
export const LOCALE = 'en-GB'

const toMinutes = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' })
const toSeconds = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** 14:05 */
export function timeOfDay(at: number): string {
  return toMinutes.format(at)
}

/** 14:05:03 */
export function exactTime(at: number): string {
  return toSeconds.format(at)
}

/** 15 s */
export function seconds(durationMs: number): string {
  return `${Number((durationMs / 1_000).toFixed(1))} s`
}
