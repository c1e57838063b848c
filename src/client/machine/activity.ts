/** Whether this session is in use: a page that is hidden or without input for long is `away`. */
import type { SessionActivity } from '../../core/model.ts'
import type { ActivityOptions } from '../options.ts'

/** What is known of the page. Changed in place. */
export interface Activity {
  /** `null`: always `online`. */
  readonly options: ActivityOptions | null
  /** Since when the page is hidden; `null`: it is visible. */
  hiddenSince: number | null
  /** `Infinity`: there is no page, or none that anybody has told of. */
  lastInputAt: number
}

/** No page: in use as long as it runs. */
export function createActivity(options: ActivityOptions | null): Activity {
  return { options, hiddenSince: null, lastInputAt: Infinity }
}

/** The page is hidden, or visible; becoming visible is a sign of use. */
export function noteVisibility(activity: Activity, visible: boolean, now: number): void {
  activity.hiddenSince = visible ? null : (activity.hiddenSince ?? now)
  if (visible) activity.lastInputAt = now
}

/** What the session is to report. */
export function activityAt(activity: Activity, now: number): SessionActivity {
  return now < awayAt(activity) ? 'online' : 'away'
}

/** When the report changes by itself, unless something happens before. */
export function activityDueAt(activity: Activity, now: number): number {
  const at = awayAt(activity)
  return now < at ? at : Infinity
}

function awayAt({ options, hiddenSince, lastInputAt }: Activity): number {
  if (!options) return Infinity
  const hiddenAt = hiddenSince === null ? Infinity : hiddenSince + options.hiddenAwayMs
  return Math.min(hiddenAt, lastInputAt + options.idleAwayMs)
}
