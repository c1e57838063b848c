// A user who comes and goes, with the client as an application uses it. What they intend is the truth that everybody
// else's view is held against.

import { createPresenceClient } from 'presencekit/client'

/** How long a user stays, and how long they are gone, in milliseconds. */
const STAY = { least: 6_000, most: 20_000 }
const PAUSE = { least: 4_000, most: 8_000 }

/**
 * @typedef {import('presencekit').Presence} Presence
 * @typedef {(presence: Presence, previous: Presence) => void} Listener
 * @typedef {ReturnType<typeof createLivelyUser>} LivelyUser
 */

/**
 * @param {string} id
 * @param {string} url
 * @param {Listener} onContact told of every change of a contact
 */
export function createLivelyUser(id, url, onContact) {
  const client = createPresenceClient({ url, token: id, reconnect: { minDelayMs: 100, maxDelayMs: 1_000 } })
  let online = false
  let since = performance.now()
  let watchesSince = since
  /** @type {NodeJS.Timeout} */
  let timer

  client.subscribeContacts(onContact)
  client.on('connection', ({ current }) => {
    watchesSince = current === 'connected' ? performance.now() : Number.POSITIVE_INFINITY
  })

  const come = async () => {
    await client.connect()
    online = true
    since = performance.now()
    timer = setTimeout(leave, between(STAY))
  }
  const leave = () => {
    online = false
    since = performance.now()
    void client.disconnect()
    timer = setTimeout(live, between(PAUSE))
  }
  // It can only fail once the client is destroyed.
  const live = () => void come().catch(() => undefined)
  live()

  return {
    id,
    client,
    /** Whether the user means to be online, and since when. */
    truth: () => ({ online, since }),
    /** Since when the user's client hears of others; infinite: not now. */
    watchesSince: () => watchesSince,
    stop() {
      clearTimeout(timer)
      client.destroy()
    },
  }
}

/** @param {{ readonly least: number, readonly most: number }} range */
function between({ least, most }) {
  return least + Math.random() * (most - least)
}
