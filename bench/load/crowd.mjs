// All users of a ring on raw sockets, in this process. They answer heartbeats, count what comes, and complain of what does
// not come.

import { setTimeout as wait } from 'node:timers/promises'
import { openBook } from '../support/books.mjs'
import { CONTACTS, idOf } from '../support/ring.mjs'
import { DIALECTS } from './dialects.mjs'
import { createLedger } from './ledger.mjs'
import { openRawSocket } from './raw-socket.mjs'

/** Sockets that are opened at a time: the listen queue of a server is finite. */
const AT_A_TIME = 200
/** Nothing that is expected takes longer. */
const PATIENCE_MS = 120_000
const LOOK_MS = 2
const SETTLED_MS = 300

/**
 * @typedef {object} CrowdSettings
 * @property {readonly number[]} ports users are spread over them
 * @property {number} users
 * @property {string} dialect
 * @property {import('../support/books.mjs').BookName} [book]
 * @property {import('./dialects.mjs').Watches} [watches]
 */

/** @param {CrowdSettings} settings */
export function createCrowd({ ports, users, dialect: name, book = 'ring', watches = 'roster' }) {
  const dialect = DIALECTS[name]
  if (!dialect) throw new Error(`Nobody speaks ${name}`)
  const { contactsOf, audienceOf } = openBook({ users, book })
  const ledger = createLedger(users)
  /** @type {import('node:net').Socket[]} */
  const sockets = []
  const isAway = new Uint8Array(users)
  const [online, away] = [dialect.change('online'), dialect.change('away')]
  let lost = 0
  let snapshots = 0
  /** @type {string | null} */
  let refusal = null

  /** @param {number} user */
  const join = async (user) => {
    const socket = await openRawSocket(ports[user % ports.length] ?? 0, dialect.path, {
      onRead: (bytes) => void (ledger.bytes += bytes),
      onLost: () => lost++,
      onFrame(bytes, start, end) {
        const kind = dialect.kindOf(bytes, start, end)
        if (kind === 'changes') ledger.read(user, bytes, start, end, false)
        else if (kind === 'snapshot') {
          snapshots++
          ledger.read(user, bytes, start, end, true)
        } else if (kind === 'heartbeat') {
          ledger.heartbeats++
          socket.write(dialect.beat)
        } else if (kind === 'welcome') {
          for (const frame of dialect.welcomed ?? []) socket.write(frame)
        } else if (kind === 'refusal') refusal ??= bytes.toString('utf8', start, end)
      },
    })
    sockets[user] = socket
    for (const frame of dialect.hello(idOf(user), watches, contactsOf(idOf(user)))) socket.write(frame)
  }

  /** Everybody of all their contacts: what they were told of those who came later counts as well. */
  const allKnown = () =>
    crowd.until(
      () => ledger.pairs === users * CONTACTS && snapshots >= users,
      () => `${ledger.pairs} of ${users * CONTACTS} contacts known, ${snapshots} of ${users} snapshots`,
    )
  /**
   * So many more records have come, and nothing more follows.
   *
   * @param {number} before
   * @param {number} expected
   */
  const allShown = async (before, expected) => {
    await crowd.until(
      () => ledger.states - before >= expected,
      () => `${ledger.states - before} of ${expected} records`,
    )
    let heard = -1
    while (ledger.notifications !== heard) {
      heard = ledger.notifications
      await wait(SETTLED_MS)
    }
  }

  const crowd = {
    ledger,
    users,
    /**
     * Everybody comes, or these, as fast as they are taken, and until all know of all their contacts.
     *
     * @param {readonly [from: number, to: number]} range
     */
    async open([from, to] = [0, users]) {
      const before = ledger.states
      let next = from
      const lane = async () => {
        while (next < to) await join(next++)
      }
      await Promise.all(Array.from({ length: AT_A_TIME }, lane))
      if (watches === 'nobody') return
      if (book === 'ring') return allKnown()
      let expected = 0
      for (let user = from; user < to; user++) expected += contactsOf(idOf(user)).length
      await allShown(before, expected)
    },
    /** @param {number} user */
    change(user) {
      ledger.changes(user)
      isAway[user] = isAway[user] ? 0 : 1
      sockets[user]?.write(isAway[user] ? away : online)
    },
    /**
     * @param {() => boolean} isSo
     * @param {() => string} soFar
     */
    async until(isSo, soFar) {
      const deadline = performance.now() + PATIENCE_MS
      while (!isSo()) {
        if (refusal !== null) throw new Error(`The server refused: ${refusal}`)
        if (lost > 0) throw new Error(`The server closed ${lost} connections; ${soFar()}`)
        if (performance.now() > deadline) throw new Error(`Not all has arrived: ${soFar()}`)
        await wait(LOOK_MS)
      }
    },
    /**
     * All contacts have been told of these users, once each.
     *
     * @param {readonly number[]} changed
     */
    async allTold(changed) {
      const expected = changed.reduce((sum, user) => sum + audienceOf(user), 0)
      const soFar = () => changed.reduce((sum, user) => sum + (ledger.told[user] ?? 0), 0)
      await crowd.until(
        () => soFar() >= expected,
        () => `${soFar()} of ${expected} notifications`,
      )
      const wrong = changed.filter((user) => ledger.told[user] !== audienceOf(user))
      if (wrong.length > 0) throw new Error(`Of ${wrong.length} users not each contact was told once`)
    },
    lost: () => lost,
  }
  return crowd
}
