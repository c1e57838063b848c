/** Questions without end, and readers who do not read what they asked for. */
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { frame } from '../support/raw-tcp.ts'
import { type Attacker, cut, openAttacker, openMany, until } from './attacker.ts'
import { fans, hubs, POPULAR, some } from './people.ts'
import { openRaw } from './raw.ts'
import { KB, limits, openStreet, SOCKET, type Street } from './street.ts'

const TEXT = 1
/** 840 bytes on the wire, each of them. */
const LOUD = '\u0001'.repeat(limits.statusTextLength)
/** A change that waits: the record as the watcher saw it, as it is, and as it goes out. */
const PENDING = 3 * 1_000 + 200
/** What is stored of a user with such a text, and what their watchers were told. */
const RECORD = 4 * KB
/** An id in a question that waits: its place, how much is seen of it, its record, and the string itself. */
const WAITING_ID = 150
const WAITING_IDS = 20_000
/** Somebody who is watched: an entry with whom they are watched by and what those saw. */
const WATCHED = KB
/** Somebody subscribed to: a string of the session's own and its place. */
const SUBSCRIBED = 160
/** Of whom one user was refused is kept for the day, for the alarm: of 20,000 at the most. */
const DENIED = 20_000 * 160

let street: Street
beforeAll(async () => {
  street = await openStreet()
})
afterAll(() => street.close())

const range = (count: number, name: string, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `${name}${from + index}`)
const say = (socket: Socket, message: object): void => {
  if (!socket.destroyed) socket.write(frame(TEXT, JSON.stringify(message)))
}

/** The longest that changes wait for more, and some. */
const GATHERING_MS = 120

describe('L6, L7: readers that do not read', () => {
  let hall: Street
  let talkers: Attacker[]
  beforeAll(async () => {
    // What waits is bounded however fast it is asked for.
    hall = await openStreet({ framesPerSecond: 0 })
    talkers = await openMany(fans.length, (index) => openAttacker(hall.url, fans[index]))
  })
  afterAll(async () => {
    cut(talkers)
    await hall.close()
  })
  const talk = (round: number): void => {
    for (const { socket } of talkers)
      socket.send(
        JSON.stringify({ type: 'PRESENCE_UPDATE', status: 'busy', text: `${round}${LOUD}`.slice(0, 140) }),
      )
  }
  /** Alive, as far as frames tell. */
  const live = (sockets: readonly Socket[], frames: readonly object[]): (() => void) => {
    const beat = setInterval(() => {
      for (const message of frames) for (const socket of sockets) say(socket, message)
    }, 55)
    return () => {
      clearInterval(beat)
    }
  }
  const areCut = () => until(async () => (await hall.measure()).connections <= 2 + fans.length, 20_000)

  test('while what they watch changes: one record a user waits, and they are cut', async () => {
    await hall.abuse({
      kind: 'nobody reads the changes',
      // What was given to the socket by then, and the frame that was too much.
      bound:
        hubs.length * (SOCKET + limits.queueHardBytes + fans.length * (KB + PENDING)) + fans.length * RECORD,
      async act() {
        const sockets = await openMany(hubs.length, (index) =>
          openRaw(hall.port, hubs[index] as string, false),
        )
        const rest = live(sockets, [{ type: 'heartbeat' }])
        for (const socket of sockets) say(socket, { type: 'roster', watch: true, ref: 1 })
        // Nine megabytes to each, twice of what a kernel holds for a socket.
        for (let round = 1; round <= 30; round++) {
          talk(round)
          const last = talkers.at(-1)
          last?.socket.ping()
          await new Promise((resolve) => last?.socket.once('pong', resolve))
          // So much gathers for a tenth of a second, and would go out as one.
          await new Promise((resolve) => setTimeout(resolve, GATHERING_MS))
        }
        expect(await areCut()).toBe(true)
        return () => {
          rest()
          for (const socket of sockets) socket.destroy()
        }
      },
      stays: fans.length * RECORD,
    })
  })

  test('while they ask and ask: what waits is 20,000 ids, and they are cut', async () => {
    await hall.abuse({
      kind: 'nobody reads the answers',
      bound: hubs.length * (SOCKET + limits.queueHardBytes + WAITING_IDS * WAITING_ID),
      async act() {
        const sockets = await openMany(hubs.length, (index) =>
          openRaw(hall.port, hubs[index] as string, false),
        )
        const ask = (users: readonly string[], ref: number) => ({ type: 'fetch', users, ref })
        // Six megabytes to each are more than a kernel holds for a socket; what comes then has to wait.
        for (const socket of sockets) for (let ref = 1; ref <= 22; ref++) say(socket, ask(fans, ref))
        const rest = live(
          sockets,
          [1, 2, 3, 4].map((ref) => ask(some, ref)),
        )
        expect(await areCut()).toBe(true)
        return () => {
          rest()
          for (const socket of sockets) socket.destroy()
        }
      },
    })
  })
})

describe('L7: questions', () => {
  test('a million subscribe requests for strangers', async () => {
    const SESSIONS = 18
    const [FRAMES, IDS] = [40, 1_400]
    /** Faster, and the limit of frames a second would answer in place of that of subscriptions. */
    const ROUND_MS = 1_200 / limits.framesPerSecond
    await street.abuse({
      kind: 'a million subscriptions',
      // Until it is known that they are none of the asker's business they are watched.
      bound: SESSIONS * (SOCKET + 64 * KB + IDS * (WATCHED + WAITING_ID)) + DENIED,
      async act() {
        const stalkers = await openMany(SESSIONS, () => openAttacker(street.url, 'stalker'))
        for (let round = 0; round < FRAMES; round++) {
          for (const [index, { socket }] of stalkers.entries()) {
            const users = range(IDS, 'x', (round * SESSIONS + index) * IDS)
            socket.send(JSON.stringify({ type: 'subscribe', users, ref: round }))
          }
          const pause = new Promise((resolve) => setTimeout(resolve, ROUND_MS))
          const came = await Promise.all(stalkers.map(({ came }) => came('LIMIT', round + 1)))
          expect(came).not.toContain(false)
          await pause
        }
        return () => {
          cut(stalkers)
        }
      },
      stays: DENIED,
    })
  })

  test('subscriptions to the limit, to contacts, and over and over to others', async () => {
    await street.abuse({
      kind: 'subscriptions to the limit',
      bound: SOCKET + limits.subscriptions * (WATCHED + SUBSCRIBED),
      async act() {
        const popular = await openAttacker(street.url, 'popular')
        let asked = 0
        const subscribe = async (from: number): Promise<void> => {
          popular.socket.send(
            JSON.stringify({ type: 'subscribe', users: range(1_000, 'c', from), ref: ++asked }),
          )
          expect(await popular.came('snapshot LIMIT', asked)).toBe(true)
        }
        // An answer of a thousand comes in two pages.
        for (let from = 0; from < 12_000; from += 1_000) {
          await subscribe(from)
          if (from < limits.subscriptions) asked++
        }
        expect(popular.counts.get('LIMIT')).toBe(2)
        for (let round = 0; round < 10; round++) {
          popular.socket.send(
            JSON.stringify({ type: 'unsubscribe', users: range(1_000, 'c', round * 1_000) }),
          )
          await subscribe(10_000 + round * 1_000)
          asked++
        }
        expect(await popular.came('snapshot', 40)).toBe(true)
        expect(popular.counts.get('LIMIT')).toBe(2)
        return () => {
          cut([popular])
        }
      },
    })
  })

  test('a contact list of a hundred thousand, asked for over and over', async () => {
    await street.abuse({
      kind: 'a hundred thousand contacts',
      // Two answers wait, each with its ids.
      bound: SOCKET + POPULAR * (WATCHED + 2 * WAITING_ID),
      async act() {
        const popular = await openAttacker(street.url, 'popular')
        for (let ref = 1; ref <= 38; ref++)
          popular.socket.send(JSON.stringify({ type: 'roster', watch: true, ref }))
        expect(await popular.came('RATE_LIMITED', 20)).toBe(true)
        expect(await popular.came('snapshot', POPULAR / 500)).toBe(true)
        return () => {
          cut([popular])
        }
      },
    })
  })

  test('statuses at many times what is published', async () => {
    const MANY = 20
    await street.abuse({
      kind: 'statuses',
      bound: MANY * (SOCKET + 64 * KB),
      async act() {
        const many = await openMany(MANY, (index) => openAttacker(street.url, fans[index]))
        for (let round = 0; round < 30; round++) {
          for (const { socket } of many)
            socket.send(
              JSON.stringify({ type: 'PRESENCE_UPDATE', status: 'busy', text: `${round}`, ref: round }),
            )
          await until(async () => false, 30)
        }
        return () => {
          cut(many)
        }
      },
    })
  })
})
