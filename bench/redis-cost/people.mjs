// The people of the bench of transitions: in each round others move, each with contacts of their own, a third of them online.

const ONLINE_SHARE = 0.3

/** @typedef {ReturnType<typeof createPeople>} People */

/**
 * @param {number} count how many move in a round
 * @param {number} contacts of each
 * @param {number} rounds
 */
export function createPeople(count, contacts, rounds) {
  const places = Array.from({ length: count }, (_, place) => place)
  const known = (/** @type {number} */ place, /** @type {number} */ many) =>
    Array.from({ length: many }, (_, index) => `contact ${place} ${index}`)
  const mover = (/** @type {number} */ place, /** @type {number} */ round) => `mover ${place} ${round}`
  const audience = contacts * ONLINE_SHARE

  return {
    /** How many are told of each. */
    audience,
    rounds,
    /** Everybody who is there from the beginning. */
    online: places.flatMap((place) => known(place, audience)),
    /** @param {number} round */
    movers: (round) => places.map((place) => mover(place, round)),
    /** @type {(user: string) => readonly string[]} */
    contactsOf: (user) => {
      const [kind, place] = user.split(' ')
      if (kind === 'mover') return known(Number(place), contacts)
      return Array.from({ length: rounds }, (_, round) => mover(Number(place), round))
    },
  }
}
