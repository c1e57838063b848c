/** How the connection does. It finds back by itself, so nobody needs to press anything. */
import type { PresenceClient } from 'presencekit/client'
import { find } from './dom.ts'

/** `onRefused`: the sign-in holds no more; it was ended, or the example started anew. */
export function showConnection(client: PresenceClient, onRefused: () => void): void {
  const chip = find('#connection', HTMLElement)
  client.on('connection', ({ current, reason }) => {
    chip.textContent = current
    chip.dataset.state = current
    if (current === 'closed' && reason === 'UNAUTHORIZED') onRefused()
  })
}
