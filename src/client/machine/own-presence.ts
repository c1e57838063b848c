/** The user's own presence, as the server tells it; without a connection nobody knows how they are shown. */
import type { Self } from '../../core/messages.ts'
import type { OwnPresence } from '../../core/model.ts'
import type { Sink } from './turn.ts'

/** What is known of oneself. Changed in place. */
export interface OwnRecord {
  readonly unknownAfterMs: number
  shown: OwnPresence
  /** When the status turns `unknown`. */
  fadesAt: number
}

/** What others see of the user has changed, or what they chose. */
export interface OwnAction {
  readonly type: 'self'
  readonly self: OwnPresence
}

/** Before the server has told it. */
export const UNKNOWN_SELF: OwnPresence = Object.freeze({
  status: 'unknown',
  chosen: 'auto',
  statusText: null,
  expiresInMs: null,
})

/** Nothing is known of oneself. */
export function createOwnRecord(unknownAfterMs: number): OwnRecord {
  return { unknownAfterMs, shown: UNKNOWN_SELF, fadesAt: Infinity }
}

/** What the server says. */
export function learnOwn(
  own: OwnRecord,
  { status, chosen, text, expiresInMs }: Self,
  out: Sink<OwnAction>,
): void {
  own.fadesAt = Infinity
  showOwn(own, { status, chosen, statusText: text ?? null, expiresInMs: expiresInMs ?? null }, out)
}

/** The connection is gone; after a goodbye there is nothing to wait for. */
export function beginFadingOwn(own: OwnRecord, goodbye: boolean, now: number): void {
  if (own.shown.status === 'unknown') return
  own.fadesAt = Math.min(own.fadesAt, goodbye ? now : now + own.unknownAfterMs)
}

/** The choice stands; how it shows is not known any more. */
export function fadeOwn(own: OwnRecord, now: number, out: Sink<OwnAction>): void {
  if (now < own.fadesAt) return
  own.fadesAt = Infinity
  showOwn(own, { ...own.shown, status: 'unknown' }, out)
}

function showOwn(own: OwnRecord, next: OwnPresence, out: Sink<OwnAction>): void {
  const { shown } = own
  const isSame =
    next.status === shown.status && next.chosen === shown.chosen && next.statusText === shown.statusText
  // An end in so many milliseconds is another end each time.
  if (isSame && next.expiresInMs === null && shown.expiresInMs === null) return
  own.shown = Object.freeze(next)
  out.push({ type: 'self', self: own.shown })
}
