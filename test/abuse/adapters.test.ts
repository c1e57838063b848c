/** Contacts and a storage that hang, and those who make the most of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cut, hello, ONLINE, openAttacker, openMany } from './attacker.ts'
import { KB, openStreet, SOCKET, type Street } from './street.ts'

let street: Street
beforeAll(async () => {
  street = await openStreet()
})
afterAll(() => street.close())

/** A question under way: the contacts are asked for the list of each user and for the asker's, each within its time. */
const QUESTION = 3 * 4 * KB
/** A change that waits for the storage, with who is to be told. */
const CHANGE = KB
const WAITING_CHANGES = 256

describe('L7: adapters that hang', () => {
  test('contacts hang, and ten thousand questions are asked of them', async () => {
    const SESSIONS = 300
    const ASKS = 34
    await street.abuse({
      kind: 'contacts hang',
      bound: SESSIONS * (SOCKET + ASKS * QUESTION),
      async act() {
        const many = await openMany(SESSIONS, (index) => openAttacker(street.url, `slow${index}`))
        await street.hang('contacts')
        for (let ref = 1; ref <= ASKS; ref++) {
          for (const { socket } of many)
            socket.send(JSON.stringify({ type: 'fetch', users: [`slow${ref}`, `slow${ref + 1}`], ref }))
        }
        const answered = await Promise.all(many.map(({ came }) => came('UNAVAILABLE snapshot', ASKS)))
        expect(answered).not.toContain(false)
        return async () => {
          await street.hang()
          cut(many)
        }
      },
    })
  })

  test('the storage hangs, and one user comes, changes and goes without end', async () => {
    const VISITS = 2_000
    const SESSIONS = 60
    await street.abuse({
      kind: 'storage hangs',
      bound: 2 * SESSIONS * SOCKET + 2 * WAITING_CHANGES * CHANGE,
      isDeaf: true,
      async act() {
        const loud = await openMany(SESSIONS, () => openAttacker(street.url, 'loud'))
        await street.hang('storage')
        for (let ref = 1; ref <= 35; ref++) {
          for (const { socket } of loud)
            socket.send(JSON.stringify({ type: 'PRESENCE_UPDATE', status: 'busy', text: `${ref}`, ref }))
        }
        await openMany(VISITS, async () => {
          const visitor = await openAttacker(street.url)
          visitor.socket.send(hello('visitor'))
          visitor.socket.send(ONLINE)
          visitor.socket.send('{"type":"PRESENCE_UPDATE","status":"offline"}')
          await visitor.closed
        })
        await Promise.all(loud.map(({ came }) => came('UNAVAILABLE')))
        return async () => {
          await street.hang()
          cut(loud)
        }
      },
    })
  })
})
