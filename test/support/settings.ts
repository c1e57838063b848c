/** Privacy settings that a test changes as it goes, and what was asked about them. */
import type { PrivacySettings } from '../../src/core/visibility.ts'
import type { PrivacyAdapter } from '../../src/server/index.ts'

export interface SettingsBook extends PrivacyAdapter {
  readonly settings: Map<string, PrivacySettings>
  readonly asked: string[]
  mode: 'open' | 'throw' | 'reject'
}

export function createSettingsBook(given: Readonly<Record<string, PrivacySettings>> = {}): SettingsBook {
  const book: SettingsBook = {
    settings: new Map(Object.entries(given)),
    asked: [],
    mode: 'open',
    settingsOf(userId) {
      book.asked.push(userId)
      if (book.mode === 'throw') throw new Error('no settings')
      if (book.mode === 'reject') return Promise.reject(new Error('no settings'))
      return book.settings.get(userId) ?? {}
    },
  }
  return book
}
