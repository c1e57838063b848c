/** What the server says of presence, taken to the machines that it concerns. */
import { decodePresence } from '../../core/codec.ts'
import type { WirePresence } from '../../core/messages.ts'
import { noteAnswer, noteError } from './answers.ts'
import type { ClientState, ClientTurn } from './client-state.ts'
import type { PresenceMessage } from './connection-state.ts'
import { learnOwn } from './own-presence.ts'
import { learn, markStale } from './records.ts'
import { noteSpoken } from './subscriptions.ts'

/** Takes a message. Whom it belongs to is noted before what it says, so that listeners are told in one go. */
export function hear(state: ClientState, message: PresenceMessage, turn: ClientTurn): void {
  const { requests, subscriptions, own } = state
  switch (message.type) {
    case 'heartbeat':
      state.serverOffsetMs = message.now - turn.now
      return
    case 'snapshot':
      noteAnswer(requests, message, turn)
      return learnAll(state, message.users, turn)
    case 'PRESENCE_UPDATE':
      noteSpoken(
        subscriptions,
        message.users.map(({ user }) => user),
        turn.now,
      )
      return learnAll(state, message.users, turn)
    case 'stale':
      return markStale(state.records, message.stale, turn.out)
    case 'self':
      noteAnswer(requests, message, turn)
      return learnOwn(own, message, turn.out)
    case 'error':
      return noteError(requests, message, turn)
  }
}

function learnAll({ records }: ClientState, users: readonly WirePresence[], { out }: ClientTurn): void {
  for (const wire of users) learn(records, wire.user, decodePresence(wire), out)
  out.push({ type: 'spoken', users: users.map(({ user }) => user) })
}
