/** What users have asked about today, as plain data; strangers.ts counts. */

/** What one user has asked about today. */
export interface Asker {
  readonly strangers: Set<string>
  readonly denied: Set<string>
  /** The next alarm comes with so many. */
  alarmAt: number
  /** The budget was exceeded, and that told. */
  exceeded: boolean
}

/** All who have asked about strangers today. */
export interface Askers {
  day: number
  readonly byUser: Map<string, Asker>
}

/** An alarm at so many users who were refused to one viewer within a day; further ones at each doubling. */
const FIRST_ALARM = 100

export function createAskers(): Askers {
  return { day: 0, byUser: new Map() }
}

export function createAsker(): Asker {
  return { strangers: new Set(), denied: new Set(), alarmAt: FIRST_ALARM, exceeded: false }
}
