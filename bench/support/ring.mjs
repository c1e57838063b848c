// The users of a bench: a ring in which each has the K nearest as contacts, so that whoever is in my list has me in theirs.
// All ids have one length, so that all records do, and a generator finds the number in a record without parsing it.

const DIGITS = 6
export const ID_BYTES = 1 + DIGITS
export const CONTACTS = 100

/** @param {number} number */
export function idOf(number) {
  return `u${String(number).padStart(DIGITS, '0')}`
}

/**
 * The number in an id whose `u` is at `at`.
 *
 * @param {Buffer} bytes
 * @param {number} at
 */
export function numberAt(bytes, at) {
  let number = 0
  for (let digit = at + 1; digit <= at + DIGITS; digit++) number = number * 10 + (bytes[digit] ?? 0) - 0x30
  return number
}

/**
 * @param {number} users
 * @param {number} [contacts]
 * @returns {(id: string) => readonly string[]}
 */
export function createRing(users, contacts = CONTACTS) {
  const ids = Array.from({ length: users }, (_, number) => idOf(number))
  const half = contacts / 2
  const steps = Array.from({ length: contacts }, (_, index) =>
    index < half ? index - half : index - half + 1,
  )
  const book = new Map(
    ids.map((id, number) => [
      id,
      steps.map((step) => /** @type {string} */ (ids[(number + step + users) % users])),
    ]),
  )
  return (id) => book.get(id) ?? []
}
