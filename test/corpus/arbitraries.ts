/** Everything that may be said, at random: for the properties of the codec. */
import fc from 'fast-check'
import { FRAME_ERROR_CODES } from '../../src/core/errors.ts'
import type { ClientMessage, ServerMessage, WirePresence } from '../../src/core/messages.ts'
import type { PresenceView } from '../../src/core/model.ts'

const MAX_INSTANT = 2 ** 50
const TEN_YEARS_MS = 315_360_000_000

const reference = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const instant = fc.nat({ max: MAX_INSTANT })
const name = fc.string({ minLength: 1, maxLength: 128 })
const token = fc.string({ minLength: 1, maxLength: 4_096 })
const words = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => text.length <= 140)
const status = fc.constantFrom('online', 'away', 'busy', 'offline', 'unknown')
const chosenStatus = fc.constantFrom('online', 'away', 'busy', 'invisible', 'auto')
const reason = fc.constantFrom('leave', 'expire', 'drop', 'node')

/** Any id that a user can have. */
export function anyUserId(): fc.Arbitrary<string> {
  return fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 32 }),
      fc.string({ minLength: 1, maxLength: 128 }),
    )
    .filter((id) => Buffer.byteLength(id) <= 128)
}

const ids = fc.array(anyUserId(), { maxLength: 8 })

/** Any message of a client. */
export function anyClientMessage(): fc.Arbitrary<ClientMessage> {
  const messages = fc.oneof(
    some({ type: fc.constant('hello'), version: reference }, { token, device: name, previous: name }),
    some(
      { type: fc.constant('PRESENCE_UPDATE'), status: fc.constantFrom('online', 'away', 'offline') },
      { chosen: fc.constant(false), ref: reference },
    ),
    some(
      { type: fc.constant('PRESENCE_UPDATE'), status: chosenStatus, chosen: fc.constant(true) },
      { text: fc.option(words), expiresInMs: fc.nat({ max: TEN_YEARS_MS }), ref: reference },
    ),
    some({ type: fc.constantFrom('subscribe', 'fetch'), users: ids, ref: reference }, {}),
    some({ type: fc.constant('unsubscribe'), users: ids }, {}),
    some({ type: fc.constant('roster'), watch: fc.boolean(), ref: reference }, {}),
    some({ type: fc.constant('roster'), watch: fc.constant(false) }, {}),
    some({ type: fc.constant('token'), token }, {}),
    some({ type: fc.constant('heartbeat') }, {}),
  )
  return messages as fc.Arbitrary<ClientMessage>
}

/** Any message of a server. */
export function anyServerMessage(): fc.Arbitrary<ServerMessage> {
  const users = fc.array(anyWirePresence(), { maxLength: 5 })
  const messages = fc.oneof(
    some(
      {
        type: fc.constant('welcome'),
        version: reference,
        session: name,
        user: anyUserId(),
        now: instant,
        heartbeatMs: instant,
        timeoutMs: instant,
      },
      {},
    ),
    some({ type: fc.constant('snapshot'), ref: reference, users }, { more: fc.boolean() }),
    some({ type: fc.constant('PRESENCE_UPDATE'), users }, {}),
    some(
      { type: fc.constant('self'), status, chosen: chosenStatus },
      { text: words, expiresInMs: instant, ref: reference },
    ),
    some({ type: fc.constant('heartbeat'), now: instant }, {}),
    some({ type: fc.constant('renew') }, {}),
    some({ type: fc.constant('stale'), stale: fc.boolean() }, {}),
    some({ type: fc.constant('close'), code: fc.nat({ max: 4_999 }), reason: words }, {}),
    some(
      { type: fc.constant('error'), code: fc.constantFrom(...FRAME_ERROR_CODES) },
      { ref: reference, retryAfterMs: instant },
    ),
  )
  return messages as fc.Arbitrary<ServerMessage>
}

function anyWirePresence(): fc.Arbitrary<WirePresence> {
  return some(
    { user: anyUserId(), status },
    {
      lastSeen: instant,
      accuracy: fc.constantFrom('exact', 'approximate', 'minute', 'recently', 'week', 'month'),
      reason,
      text: words,
      stale: fc.boolean(),
    },
  ) as fc.Arbitrary<WirePresence>
}

/** Any view that can be: an accuracy says how exact an instant is, or stands in its place. */
export function anyView(): fc.Arbitrary<PresenceView> {
  const seen = fc.oneof(
    fc.record({
      lastSeen: instant,
      lastSeenAccuracy: fc.constantFrom('exact', 'approximate', 'minute'),
    }),
    fc.record({
      lastSeen: fc.constant(null),
      lastSeenAccuracy: fc.constantFrom('recently', 'week', 'month', null),
    }),
  )
  return fc
    .record({ status, reason: fc.option(reason), statusText: fc.option(words), stale: fc.boolean(), seen })
    .map(
      ({ seen: { lastSeen, lastSeenAccuracy }, ...rest }) =>
        ({ ...rest, lastSeen, lastSeenAccuracy }),
    )
}

/** An object with all of the first members and some of the second. */
function some(
  required: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  optional: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<unknown> {
  return fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) })
}
