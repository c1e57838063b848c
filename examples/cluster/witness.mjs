// Holds what every user is shown of their contacts against the truth.

import { createLivelyUser } from './lively.mjs'
import { contactsOf, users } from './people.mjs'
import { COMING_MS, GOING_MS } from './timing.mjs'

/** @typedef {import('./lively.mjs').LivelyUser} LivelyUser */

/** @param {string} url */
export function startUsers(url) {
  /** @type {Map<string, LivelyUser>} */
  const people = new Map()
  let falseOffline = 0

  /** @type {import('./lively.mjs').Listener} */
  const onContact = (presence, previous) => {
    const truth = people.get(presence.userId)?.truth()
    if (!truth?.online || isWithin(COMING_MS, truth.since)) return
    if (previous.online && presence.status === 'offline') falseOffline++
  }
  for (const id of users) people.set(id, createLivelyUser(id, url, onContact))

  return {
    falseOffline: () => falseOffline,
    online: () => [...people.values()].filter((user) => user.truth().online).length,
    /** How many views there are, how many differ from the truth, and how many of those may: it is on its way. */
    views() {
      const views = [...people.values()].flatMap((user) => viewsOf(user, people))
      const differing = views.filter((view) => view.differs)
      const inFlight = differing.filter((view) => view.isFresh)
      return { all: views.length, inFlight: inFlight.length, wrong: differing.length - inFlight.length }
    },
    stop() {
      for (const user of people.values()) user.stop()
    },
  }
}

/**
 * @param {LivelyUser} user
 * @param {ReadonlyMap<string, LivelyUser>} people
 */
function viewsOf({ id, client, watchesSince }, people) {
  if (!Number.isFinite(watchesSince())) return []
  return contactsOf(id).flatMap((contact) => {
    const truth = people.get(contact)?.truth()
    if (!truth) return []
    const differs = client.get(contact).online !== truth.online
    const isFresh =
      isWithin(truth.online ? COMING_MS : GOING_MS, truth.since) || isWithin(COMING_MS, watchesSince())
    return [{ differs, isFresh }]
  })
}

/**
 * @param {number} durationMs
 * @param {number} since
 */
function isWithin(durationMs, since) {
  return performance.now() - since < durationMs
}
