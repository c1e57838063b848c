/** A row of settings, as the query gives it, and what it says. */
import type { Audience, PrivacySettings } from '../../core/visibility.ts'

/** Everything but the id may be missing. */
export interface SettingsRow {
  readonly user_id: unknown
  readonly online?: string | null
  readonly last_seen?: string | null
  readonly precision?: string | null
  readonly reciprocal?: boolean | null
  readonly except_online?: readonly string[] | null
  readonly except_last_seen?: readonly string[] | null
  readonly blocked?: readonly string[] | null
}

/** What is left out has its default. A value that is none is handed on: the server refuses it, and nobody is shown. */
export function readSettings(row: SettingsRow): PrivacySettings {
  const settings: { [Key in keyof PrivacySettings]?: unknown } = {
    online: audienceOf(row.online, row.except_online),
    lastSeen: audienceOf(row.last_seen, row.except_last_seen),
    precision: row.precision ?? undefined,
    reciprocal: row.reciprocal ?? undefined,
    blocked: row.blocked?.length ? row.blocked : undefined,
  }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
}

/** Of two that contradict each other the stricter one holds. */
function audienceOf(
  audience: string | null | undefined,
  except: readonly string[] | null | undefined,
): Audience | undefined {
  const isExcept = except?.length && (audience == null || audience === 'contacts' || audience === 'everyone')
  return isExcept ? { except } : ((audience ?? undefined) as Audience | undefined)
}
