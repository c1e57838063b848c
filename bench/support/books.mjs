// Who knows whom, and who of them is here: the connected users of each book are those with the first numbers. Lists are the same
// on both sides.

import { CONTACTS, createRing, idOf } from './ring.mjs'

/** Contacts of the one who has many; who are here: all others. */
const CROWD = 100_000
/** Contacts of each; a few of them are here. */
const FAR = 5_000
const FAR_HERE = 20
const FIRST_ABSENT = 200_000
const ABSENT = 50_000

/**
 * @typedef {object} Book
 * @property {(id: string) => readonly string[]} contactsOf
 * @property {(user: number) => number} audienceOf how many of them are here
 *
 * @typedef {'ring' | 'one with many' | 'many far away'} BookName
 */

/** @type {Record<BookName, (users: number) => Book>} */
const BOOKS = {
  ring: (users) => ({ contactsOf: createRing(users), audienceOf: () => CONTACTS }),
  'one with many'(users) {
    const many = Array.from({ length: CROWD }, (_, index) => idOf(index + 1))
    const one = [idOf(0)]
    return {
      contactsOf: (id) => (id === one[0] ? many : one),
      audienceOf: (user) => (user === 0 ? users - 1 : 1),
    }
  },
  'many far away'(users) {
    const near = createRing(users, FAR_HERE)
    const absent = Array.from({ length: ABSENT }, (_, index) => idOf(FIRST_ABSENT + index))
    const book = new Map(
      Array.from({ length: users }, (_, user) => {
        const from = (user * FAR_HERE) % (ABSENT - FAR)
        return [idOf(user), [...near(idOf(user)), ...absent.slice(from, from + FAR - FAR_HERE)]]
      }),
    )
    return { contactsOf: (id) => book.get(id) ?? [], audienceOf: () => FAR_HERE }
  },
}

/** @param {{ readonly users: number, readonly book?: BookName }} settings */
export function openBook({ users, book = 'ring' }) {
  return BOOKS[book](users)
}
