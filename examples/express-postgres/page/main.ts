/** The page: sign in, or whoever is signed in. */
import { createPresenceClient } from 'presencekit/client'
import type { SignIn } from '../api-types.ts'
import { createApi } from './api.ts'
import { showConnection } from './connection.ts'
import { find, tell } from './dom.ts'
import { showOwnStatus } from './own-status.ts'
import { showPeople } from './people.ts'
import { showPrivacy } from './privacy.ts'
import { showSignIn } from './sign-in.ts'
import './style.css'

/**
 * Each tab is somebody of its own here, so that one browser can show several. What belongs to one person a browser keeps in a
 * cookie with `httpOnly`, out of the reach of scripts.
 */
const KEPT = 'example-sign-in'

function open({ secret, name }: SignIn): void {
  const api = createApi(secret)
  const client = createPresenceClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/presence`,
    token: api.token,
  })
  /** Nothing of it is left then, in memory either. */
  const forget = (): void => {
    sessionStorage.removeItem(KEPT)
    location.reload()
  }
  find('#own-name', HTMLElement).textContent = name
  find('#app', HTMLElement).hidden = false
  find('#sign-out', HTMLButtonElement).addEventListener('click', () => {
    // The goodbye comes first: others see it at once.
    void client
      .disconnect()
      .then(() => api.delete('sign-in'))
      .catch(tell)
      .then(forget)
  })
  showConnection(client, forget)
  showOwnStatus(client)
  showPeople(client, api)
  showPrivacy(api)
  client.connect().catch(tell)
}

find('#node', HTMLElement).textContent = location.host
const kept = sessionStorage.getItem(KEPT)
if (kept !== null) open(JSON.parse(kept) as SignIn)
else {
  showSignIn((signIn) => {
    sessionStorage.setItem(KEPT, JSON.stringify(signIn))
    open(signIn)
  })
}
