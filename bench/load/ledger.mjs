// What has arrived, and whether it is all that should: each record is found by a marker and its number read where it stands.

import { CONTACTS, ID_BYTES, numberAt } from '../support/ring.mjs'

const MARKER = Buffer.from('"user":"u')
const ID_AT = MARKER.length - 1
/** From an id to its status: `","status":"` lies between. */
const STATUS_AT = ID_BYTES + 12
const OFF = 'f'.charCodeAt(0)
const UNKNOWN = 'u'.charCodeAt(0)

/**
 * @param {number} users
 * @param {number} [contacts]
 */
export function createLedger(users, contacts = CONTACTS) {
  /** Notifications of each user since their last change. */
  const told = new Uint32Array(users)
  const sentAt = new Float64Array(users)
  /** Whether a watcher knows their contact to be there: a row for each watcher. */
  const known = new Uint8Array(users * contacts)
  const half = contacts / 2
  /** @type {number[] | null} */
  let latencies = null
  const ledger = {
    notifications: 0,
    /** Records in snapshots. */
    states: 0,
    /** Pairs of which the watcher knows the contact to be there. */
    pairs: 0,
    heartbeats: 0,
    bytes: 0,
    told,
    sentAt,
    /** @param {number} user */
    changes(user) {
      told[user] = 0
      sentAt[user] = performance.now()
    },
    /** Keeps latencies from now on, or no more. @param {boolean} wanted */
    timeThem: (wanted) => {
      const kept = latencies ?? []
      latencies = wanted ? [] : null
      return kept
    },
    /**
     * @param {number} watcher
     * @param {Buffer} bytes
     * @param {number} start
     * @param {number} end
     * @param {boolean} inSnapshot
     */
    read(watcher, bytes, start, end, inSnapshot) {
      const now = latencies === null ? 0 : performance.now()
      for (
        let at = bytes.indexOf(MARKER, start);
        at >= 0 && at < end;
        at = bytes.indexOf(MARKER, at + MARKER.length)
      ) {
        const user = numberAt(bytes, at + ID_AT)
        if (inSnapshot) ledger.states++
        else {
          ledger.notifications++
          told[user] = (told[user] ?? 0) + 1
          if (latencies !== null) latencies.push(now - (sentAt[user] ?? 0))
        }
        if (ledger.pairs < known.length && isThere(bytes, at + ID_AT + STATUS_AT)) noteKnown(watcher, user)
      }
    },
  }

  /** @param {number} watcher @param {number} user */
  const noteKnown = (watcher, user) => {
    const step = (((user - watcher + half) % users) + users) % users
    const column = step > half ? step - 1 : step
    if (column >= contacts || step === half) return
    const place = watcher * contacts + column
    if (known[place] === 0) ledger.pairs++
    known[place] = 1
  }
  return ledger
}

/** Neither offline nor unknown. @param {Buffer} bytes @param {number} at */
function isThere(bytes, at) {
  return bytes[at + 1] !== OFF && bytes[at] !== UNKNOWN
}
