/** Settings are saved as they are chosen. */
import type { Privacy } from '../api-types.ts'
import type { Api } from './api.ts'
import { find, tell } from './dom.ts'

const FIELDS: readonly (keyof Privacy)[] = ['online', 'lastSeen', 'precision']

export function showPrivacy(api: Api): void {
  const form = find('#privacy', HTMLFormElement)
  const field = (name: string): HTMLSelectElement => find(`[name="${name}"]`, HTMLSelectElement, form)
  const load = async (): Promise<void> => {
    const privacy = await api.get<Privacy>('privacy')
    for (const name of FIELDS) field(name).value = privacy[name]
  }
  form.addEventListener('change', () => {
    const privacy = Object.fromEntries(FIELDS.map((name) => [name, field(name).value]))
    api.put('privacy', privacy).catch(tell)
  })
  load().catch(tell)
}
