/** One connection as it is seen at the server: what was asked on it, and what was answered. */
import { decodeClientFrame, decodeServerFrame } from '../../src/core/codec.ts'
import type { ClientMessage, ServerMessage, Snapshot } from '../../src/core/messages.ts'
import type { MemoryLink } from '../../src/testing/index.ts'
import type { Place } from './history.ts'
import type { SessionTruth } from './truth.ts'

export interface ServerSide {
  readonly link: MemoryLink
  readonly openedAt: number
  /** The last frame that was there to be read, and the last that was read. */
  arrivedAt: number
  heardAt: number
  user: string | null
  previous: string | null
  session: SessionTruth | null
  /** The first PRESENCE_UPDATE came before the welcome. */
  announcesEarly: 'online' | 'away' | null
  /** A goodbye has been heard. */
  leaving: boolean
  /** The server has ended it, or knows that it is gone. */
  closed: boolean
  errors: number
  /** When it last had bytes that the network had not taken. */
  fullAt: number
  /** Every user ever asked about. */
  readonly askedFor: Set<string>
  asksRoster: boolean
  /** Questions without an answer, by ref; taken away where an unsubscribe follows. */
  readonly questions: Map<number, { kind: 'subscribe' | 'roster' | 'fetch'; readonly users: Set<string> }>
  /** The refs that wait for an answer of any kind, and since when. */
  readonly refs: Map<number, number>
  /** Whom it has been told that it watches, and since when. */
  readonly watched: Map<string, number>
  rosterSince: number | null
  readonly places: Map<string, Place>
}

export function createServerSide(link: MemoryLink, openedAt: number): ServerSide {
  return {
    link,
    openedAt,
    arrivedAt: openedAt,
    heardAt: openedAt,
    user: null,
    previous: null,
    session: null,
    announcesEarly: null,
    leaving: false,
    closed: false,
    errors: 0,
    fullAt: -Infinity,
    askedFor: new Set(),
    asksRoster: false,
    questions: new Map(),
    refs: new Map(),
    watched: new Map(),
    rosterSince: null,
    places: new Map(),
  }
}

/** Notes what is asked. */
export function noteQuestion(side: ServerSide, message: ClientMessage): void {
  switch (message.type) {
    case 'subscribe':
    case 'fetch':
      side.questions.set(message.ref, { kind: message.type, users: new Set(message.users) })
      for (const user of message.users) side.askedFor.add(user)
      return
    case 'unsubscribe':
      for (const user of message.users) {
        side.watched.delete(user)
        for (const { kind, users } of side.questions.values()) if (kind === 'subscribe') users.delete(user)
      }
      return
    case 'roster':
      if (message.watch && message.ref !== undefined) {
        side.asksRoster = true
        side.questions.set(message.ref, { kind: 'roster', users: new Set() })
      } else {
        side.rosterSince = null
        // They are answered all the same, and start nothing.
        for (const question of side.questions.values())
          if (question.kind === 'roster') question.kind = 'fetch'
      }
      return
    default:
    // The rest asks nothing of others.
  }
}

/** Notes that a question is answered: from now on the server keeps this connection told. */
export function noteAnswer(side: ServerSide, { ref, more }: Snapshot, now: number): void {
  const question = side.questions.get(ref)
  if (!question || more === true) return
  side.questions.delete(ref)
  if (question.kind === 'roster') side.rosterSince = now
  if (question.kind !== 'subscribe') return
  for (const user of question.users) if (!side.watched.has(user)) side.watched.set(user, now)
}

export function clientMessage(frame: string): ClientMessage | null {
  const decoded = decodeClientFrame(frame)
  return decoded.ok ? decoded.message : null
}

export function serverMessage(frame: string): ServerMessage | null {
  const decoded = decodeServerFrame(frame)
  return decoded.ok ? decoded.message : null
}
