// Three dozen users in a ring; each has the four before and the four behind them as contacts.

const COUNT = 36
const REACH = 4

/** @param {number} place */
const userAt = (place) => `user-${(place + COUNT) % COUNT}`

export const users = Array.from({ length: COUNT }, (_, place) => userAt(place))

/**
 * @param {string} user
 * @returns {string[]}
 */
export function contactsOf(user) {
  const place = users.indexOf(user)
  if (place < 0) return []
  return Array.from({ length: REACH }, (_, step) => [
    userAt(place + step + 1),
    userAt(place - step - 1),
  ]).flat()
}
