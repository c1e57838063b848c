/**
 * Who may see how much of whom. One function decides, for pushes, snapshots and queries alike, and one covers what is
 * not to be seen.
 */
import { createIdSet, hasId, type IdSet } from './id-set.ts'
import { type LastSeenAccuracy, type PresenceView, UNKNOWN_VIEW } from './model.ts'

/** Who may see one kind of thing: anybody, contacts, nobody, or contacts without these. */
export type Audience =
  | 'everyone'
  | 'contacts'
  | 'nobody'
  | {
      /** Contacts without these. */
      readonly except: Iterable<string>
    }

/** How exactly last seen is shown: to the millisecond, to the minute, or as `recently`, `week` and `month`. */
export type LastSeenPrecision = 'exact' | 'minute' | 'bucket'

/** What a user has settled about who may see them. Everything may be left out. */
export interface PrivacySettings {
  /** Who may see `online`, `away`, `busy`, `offline`; everybody else sees nothing at all. @defaultValue 'contacts' */
  readonly online?: Audience
  /** Who may see when they were last seen. @defaultValue 'contacts' */
  readonly lastSeen?: Audience
  /** How exactly. @defaultValue 'exact' */
  readonly precision?: LastSeenPrecision
  /**
   * Kind by kind, who hides theirs (`nobody`, or `except` the other) does not see others'. Off where either of the two
   * has `false`.
   * @defaultValue true
   */
  readonly reciprocal?: boolean
  /** Users who see nothing of them, and of whom they see nothing. @defaultValue nobody */
  readonly blocked?: Iterable<string>
}

/** Settings, complete, and quick to ask. */
export interface Privacy {
  readonly online: AudienceRule
  readonly lastSeen: AudienceRule
  readonly precision: LastSeenPrecision
  readonly reciprocal: boolean
  readonly blocked: IdSet
}

type AudienceRule = 'everyone' | 'contacts' | 'nobody' | IdSet

/** How much of a user somebody sees: nothing, that they are online, and when they were last seen, more or less exactly. */
export type Sight = 'nothing' | 'status' | LastSeenPrecision

const NOBODY: ReadonlySet<string> = new Set()
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** Days from one midnight (UTC) to another: a bucket that ended at an hour of its own would tell that hour. */
const BUCKETS: readonly (readonly [days: number, accuracy: LastSeenAccuracy])[] = [
  [2, 'recently'],
  [7, 'week'],
  [30, 'month'],
]

/** What holds for a user of whom no settings are known. */
export const DEFAULT_PRIVACY: Privacy = Object.freeze({
  online: 'contacts',
  lastSeen: 'contacts',
  precision: 'exact',
  reciprocal: true,
  blocked: createIdSet(NOBODY),
})

/** How much is seen of a user who has settled this. `isContact`: the contacts say that they may be seen. */
export type Judge = (target: string, of: Privacy, isContact: boolean) => Sight

/** Decides how much a viewer who has settled this sees of others. */
export function judgeFor(viewer: string, by: Privacy): Judge {
  return (target, of, isContact) => {
    if (viewer === target) return 'exact'
    if (hasId(of.blocked, viewer) || hasId(by.blocked, target)) return 'nothing'
    const isMutual = of.reciprocal && by.reciprocal
    if (!admits(of.online, viewer, isContact)) return 'nothing'
    if (isMutual && hidesFrom(by.online, target)) return 'nothing'
    if (!admits(of.lastSeen, viewer, isContact)) return 'status'
    return isMutual && hidesFrom(by.lastSeen, target) ? 'status' : of.precision
  }
}

/** Whether anybody may watch a user, known or not. */
export function isOpen({ online }: Privacy): boolean {
  return online === 'everyone'
}

function admits(rule: AudienceRule, viewer: string, isContact: boolean): boolean {
  if (rule === 'everyone') return true
  return isContact && rule !== 'nobody' && (rule === 'contacts' || !hasId(rule, viewer))
}

function hidesFrom(rule: AudienceRule, other: string): boolean {
  return rule === 'nobody' || (typeof rule === 'object' && hasId(rule, other))
}

/** What is left of a view for somebody who sees so much. `time`: now, for buckets. */
export function cover(view: PresenceView, sight: Sight, time: number): PresenceView {
  if (sight === 'nothing') return UNKNOWN_VIEW
  const { lastSeen, lastSeenAccuracy, reason } = view
  if (sight === 'exact' || (lastSeen === null && lastSeenAccuracy === null && reason === null)) return view
  if (sight === 'status') return { ...view, lastSeen: null, lastSeenAccuracy: null, reason: null }
  // What is covered already says no more than it did.
  if (lastSeen === null) return reason === null ? view : { ...view, reason: null }
  if (sight === 'minute')
    return { ...view, lastSeen: Math.floor(lastSeen / MINUTE_MS) * MINUTE_MS, lastSeenAccuracy: 'minute' }
  return { ...view, lastSeen: null, lastSeenAccuracy: bucketOf(lastSeen, time), reason: null }
}

function bucketOf(lastSeen: number, time: number): LastSeenAccuracy | null {
  const days = Math.floor(time / DAY_MS) - Math.floor(lastSeen / DAY_MS)
  return BUCKETS.find(([most]) => days <= most)?.[1] ?? null
}

/**
 * Completes settings.
 *
 * @returns what is wrong with them, where something is: a setting that is misread would show what is to be hidden
 */
export function readPrivacy(settings: PrivacySettings): Privacy | { readonly fault: string } {
  if (!isObject(settings) || Symbol.iterator in settings || 'then' in settings)
    return { fault: 'settings are an object' }
  const { precision = 'exact', reciprocal = true } = settings
  const online = readAudience(settings.online)
  if (online === null) return { fault: `online is ${AUDIENCES}` }
  const lastSeen = readAudience(settings.lastSeen)
  if (lastSeen === null) return { fault: `lastSeen is ${AUDIENCES}` }
  if (!['exact', 'minute', 'bucket'].includes(precision))
    return { fault: "precision is 'exact', 'minute' or 'bucket'" }
  if (typeof reciprocal !== 'boolean') return { fault: 'reciprocal is true or false' }
  const blocked = readIds(settings.blocked === undefined ? NOBODY : settings.blocked)
  if (blocked === null) return { fault: 'blocked is a list of user ids' }
  // One object, or one empty set, for all who settle nothing would always be at hand, and tell by the clock who has settled something.
  return { online, lastSeen, precision, reciprocal, blocked }
}

const AUDIENCES = "'everyone', 'contacts', 'nobody' or { except: ids }"

function readAudience(audience: unknown = 'contacts'): AudienceRule | null {
  if (audience === 'everyone' || audience === 'contacts' || audience === 'nobody') return audience
  return isObject(audience) && 'except' in audience ? readIds(audience.except) : null
}

/** A text is iterable too, and is no list; a number that was to be an id would never be met again. */
function readIds(ids: unknown): IdSet | null {
  if (!isObject(ids) || !(Symbol.iterator in ids)) return null
  const found = new Set(ids as Iterable<unknown>)
  for (const id of found) if (typeof id !== 'string') return null
  return createIdSet(found as Set<string>)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
