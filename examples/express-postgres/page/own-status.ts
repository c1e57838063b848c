/** One's own status: what one chooses, on whichever tab, and what others see of it. */
import type { OwnPresence, StatusChoice } from 'presencekit'
import type { PresenceClient } from 'presencekit/client'
import { find, tell } from './dom.ts'

export function showOwnStatus(client: PresenceClient): void {
  const choices = find('#status', HTMLFieldSetElement)
  choices.addEventListener('change', ({ target }) => {
    const { value } = target as HTMLInputElement
    client.setStatus(value as StatusChoice).catch(tell)
  })
  client.on('self', ({ status, chosen }) => {
    find('#own-dot', HTMLElement).dataset.status = status
    find('#own-status', HTMLElement).textContent = inWords(status, chosen)
    find(`[value="${chosen === 'online' ? 'auto' : chosen}"]`, HTMLInputElement, choices).checked = true
  })
}

function inWords(status: OwnPresence['status'], chosen: StatusChoice): string {
  if (chosen === 'invisible') return 'Others see you offline'
  return status === 'unknown' ? '' : `Your contacts see you ${status}`
}
